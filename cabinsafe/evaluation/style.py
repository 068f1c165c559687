"""Looks of the report's page."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #667080; --line: #dde1e6;
  --bar: #d5e6fb; --truth: #1f8a34; --found: #c76a00; --others: #2f79c4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #14171b; --soft: #98a2b0;
  --line: #2d333b; --bar: #23405f; --truth: #5cd27a; --found: #ffa640;
  --others: #6db3f2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
small { color: var(--soft); font-weight: normal; }
.note { color: var(--soft); max-width: 62rem; margin: .25rem 0 .75rem; }
ul { margin: .25rem 0; padding-left: 1.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0 0 1.25rem; }
th, td { padding: .2rem .75rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.section th { padding-top: .8rem; color: var(--soft); font-weight: 600; }
.details { columns: 22rem; column-gap: 2.5rem; }
.details table { width: 100%; font-size: .9rem; table-layout: fixed; }
.details th:not(:first-child) { overflow: hidden; text-overflow: ellipsis; }
.details tr, .details table:not(.long) { break-inside: avoid; }
.details .section { break-after: avoid; }
.bar { background: linear-gradient(to right, var(--bar) calc(var(--share) * 100%), transparent 0); }
summary { font-size: 1.05rem; font-weight: 600; cursor: pointer; margin: 1.75rem 0 .5rem; }
.figures { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(34rem, 100%), 1fr)); }
figure { margin: 0; }
figure img { display: block; width: 100%; height: auto; border-radius: 4px; }
figcaption { color: var(--soft); font-size: .85rem; margin-top: .25rem; }
.truth { color: var(--truth); } .found { color: var(--found); } .others { color: var(--others); }
@media print { details { break-before: page; } figure { break-inside: avoid; } }
"""
