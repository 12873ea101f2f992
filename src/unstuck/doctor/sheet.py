"""The style sheets of a report: its own, what a page of its own adds, and what dark notebooks change."""

from __future__ import annotations

__all__ = ["NOTEBOOK", "PAGE", "SHEET"]

# Each colour has a contrast of 4.5 or more on the ground that it stands on.
_LIGHT = (
    "--doctor-0: #0067b8; --doctor-1: #b84900; --doctor-2: #00785a; --doctor-3: #9b3aa5; --doctor-4: #5a6270; "
    "--doctor-fault: #b3261e; --doctor-healthy: #00704f; --doctor-uncertain: #7a5d00;"
)
_DARK = (
    "--doctor-0: #6cb6ff; --doctor-1: #ff9f5a; --doctor-2: #4fd1a5; --doctor-3: #d79be0; --doctor-4: #9aa4b2; "
    "--doctor-fault: #ff8a80; --doctor-healthy: #4fd1a5; --doctor-uncertain: #e3c04d;"
)

# Lines and faint texts are mixed from the ink around them, so that any ground will do.
SHEET = f"""
.unstuck-doctor {{ {_LIGHT} max-width: 46rem; line-height: 1.5; overflow-wrap: anywhere; }}
.unstuck-doctor p {{ margin: 0.6em 0; }}
.unstuck-doctor .verdict {{ font-size: 1.2em; font-weight: 600; border-left: 0.3em solid; padding-left: 0.7em; }}
.unstuck-doctor .fault {{ color: var(--doctor-fault); }}
.unstuck-doctor .healthy {{ color: var(--doctor-healthy); }}
.unstuck-doctor .uncertain {{ color: var(--doctor-uncertain); }}
.unstuck-doctor .finding {{ border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 0.5em;
  margin: 1.2em 0; padding: 0.4em 1em; }}
.unstuck-doctor .cause {{ display: flex; flex-wrap: wrap; gap: 0 1em; justify-content: space-between; }}
.unstuck-doctor .cause span:first-child {{ font-weight: 600; }}
.unstuck-doctor code, .unstuck-doctor pre {{ background: none; border: 0; color: inherit; padding: 0;
  font: 0.92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
.unstuck-doctor pre {{ margin: 0.3em 0; white-space: pre-wrap; }}
.unstuck-doctor pre span {{ border-radius: 0.2em; display: block; padding: 0 0.4em 0 2em; text-indent: -1.6em; }}
.unstuck-doctor .as-is {{ background: color-mix(in srgb, currentColor 8%, transparent); }}
.unstuck-doctor .old {{ background: color-mix(in srgb, var(--doctor-fault) 16%, transparent); }}
.unstuck-doctor .new {{ background: color-mix(in srgb, var(--doctor-healthy) 16%, transparent); }}
.unstuck-doctor dl {{ display: grid; gap: 0.4em 1.2em; grid-template-columns: max-content 1fr; margin: 0.8em 0; }}
.unstuck-doctor dt {{ font-weight: 400; opacity: 0.8; }}
.unstuck-doctor dd {{ margin: 0; min-width: 0; }}
.unstuck-doctor table {{ border: 0; border-collapse: collapse; color: inherit; font-size: 0.92em; margin: 0;
  font-variant-numeric: tabular-nums; }}
.unstuck-doctor tr {{ background: none; border: 0; }}
.unstuck-doctor th, .unstuck-doctor td {{ border: 0; color: inherit; font-weight: 400; padding: 0.1em 1.2em 0.1em 0;
  text-align: left; vertical-align: top; }}
.unstuck-doctor td {{ text-align: right; white-space: nowrap; }}
.unstuck-doctor figure {{ margin: 1.8em 0; text-align: left; }}
.unstuck-doctor figure > svg {{ display: block; height: auto; max-width: 38rem; }}
.unstuck-doctor figcaption {{ font-size: 0.92em; text-align: left; margin: 0.5em 0; opacity: 0.85; }}
.unstuck-doctor .wide {{ overflow-x: auto; }}
.unstuck-doctor .wide th {{ white-space: nowrap; }}
.unstuck-doctor .wide th[scope="col"]:not(:first-child) {{ text-align: right; }}
.unstuck-doctor .wide tr:first-child {{ border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }}
.unstuck-doctor summary {{ cursor: pointer; }}
@media (max-width: 34rem) {{
  .unstuck-doctor dl {{ display: block; }}
  .unstuck-doctor dd {{ margin-bottom: 0.7em; }}
}}
"""

PAGE = f"""
:root {{ color-scheme: light dark; }}
body {{ background: #fff; color: #1b1f24; font-family: system-ui, sans-serif; margin: 0; padding: 1.5rem 1rem 3rem; }}
main {{ margin: 0 auto; }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #14181d; color: #e6e8eb; }}
  body .unstuck-doctor {{ {_DARK} }}
}}
"""

# Jupyter Book, JupyterLab and Visual Studio Code each say in their own way that their page is dark.
NOTEBOOK = f"""
html[data-theme="dark"] .unstuck-doctor, body[data-jp-theme-light="false"] .unstuck-doctor,
body.vscode-dark .unstuck-doctor {{ {_DARK} }}
"""
