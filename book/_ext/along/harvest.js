// Runs in the page of the whole book: returns each chapter as XHTML, by its key. Where the site's pages leave the
// mathematics to MathJax, what it made for screen readers takes the place of what it drew.
() => {
  const exceptions = { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" };
  const doubleStruck = (letter) =>
    exceptions[letter] ??
    (/^[A-Z]$/.test(letter) ? String.fromCodePoint(0x1d538 + letter.charCodeAt(0) - 65) : letter);
  for (const item of window.MathJax?.startup?.document?.math ?? []) {
    const set = item.typesetRoot;
    const math = set.querySelector("mjx-assistive-mml math").cloneNode(true);
    math.setAttribute("alttext", item.math.trim());
    for (const letter of math.querySelectorAll('mi[mathvariant="double-struck"]')) {
      letter.textContent = doubleStruck(letter.textContent);
      letter.removeAttribute("mathvariant"); // few reading systems know it: the letters have characters of their own
    }
    if (item.display) math.setAttribute("display", "block");
    set.replaceWith(math);
  }
  const serializer = new XMLSerializer();
  return Object.fromEntries(
    [...document.querySelectorAll("section.chapter")].map((one) => [one.id, serializer.serializeToString(one)]),
  );
};
