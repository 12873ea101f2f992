/* Makes the pictures of interactive figures follow their controls.

   A page is complete without this script: every figure is a picture. When one comes near the window, its numbers and
   the library that draws them are loaded from the site itself, as scripts, since a page opened from a disk may not
   fetch anything else. The picture stays if anything of that fails. */
(() => {
  "use strict";
  const own = document.currentScript.src;
  const arrived = {};
  const loading = {};

  window.unstuckChart = (name, chart) => {
    arrived[name] = chart;
  };

  const load = (address) => {
    loading[address] ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`not loaded: ${address}`));
      document.head.append(script);
    });
    return loading[address];
  };

  const start = async (figure) => {
    const name = figure.dataset.chart;
    const [picture, drawing, reading] = ["picture", "drawing", "reading"].map((part) =>
      figure.querySelector(`.chart-${part}`),
    );
    const inputs = [...figure.querySelectorAll(".chart-control input, .chart-control select")];
    await Promise.all([load(new URL("vega.js", own).href), load(new URL(`charts/${name}.js`, own).href)]);
    const { spec, controls, readings } = arrived[name];
    const room = () => Math.min(Math.floor(figure.clientWidth), Number(figure.dataset.room));
    const view = new vega.View(vega.parse(spec), { renderer: "svg", hover: false });

    const state = () => Object.fromEntries(inputs.map((input) => [input.name, Number(input.value)]));
    const follow = () => {
      const chosen = state();
      for (const input of inputs) {
        const { texts } = controls.find((control) => control.name === input.name);
        view.signal(input.name, chosen[input.name]);
        if (input.type === "range") {
          input.setAttribute("aria-valuetext", texts[chosen[input.name]]);
          input.parentElement.querySelector("output").textContent = texts[chosen[input.name]];
        }
      }
      if (reading) {
        const count = (name) => controls.find((control) => control.name === name).texts.length;
        const index = (by) => by.reduce((sum, each) => sum * count(each) + chosen[each], 0);
        reading.textContent = readings.map(({ by, texts }) => texts[index(by)]).join(" ");
      }
      return view.runAsync();
    };
    const describe = () => {
      const svg = drawing.querySelector("svg");
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", picture.querySelector("img").alt);
      svg.removeAttribute("aria-roledescription");
    };

    view.signal("room", room());
    view.initialize(drawing);
    await follow();
    describe();
    picture.hidden = true;
    drawing.hidden = false;
    figure.classList.add("chart-live");
    for (const input of inputs) input.addEventListener("input", follow);
    new ResizeObserver(() => {
      if (room() !== view.signal("room")) view.signal("room", room()).runAsync().then(describe);
    }).observe(figure);
  };

  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        start(target).catch((error) => {
          target.classList.add("chart-failed");
          console.error(error);
        });
      }
    },
    { rootMargin: "600px" },
  );
  const watch = () => document.querySelectorAll(".chart").forEach((figure) => near.observe(figure));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", watch);
  else watch();
})();
