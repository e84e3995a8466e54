"""The look of the page: one style sheet, for narrow and wide windows, light and dark.

Figures are drawn on white; on a dark page each keeps a white card of its own.
"""

CSS = """
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #dfe3e8;
  --head: #f0f2f5; --link: #0059a3; --accent: #0072b2;
  --good: #00603f; --good-bg: #d8f3e6; --bad: #963000; --bad-bg: #fde5d8;
  --mixed: #6b5000; --mixed-bg: #fbf0c9; --open: #4a525b; --open-bg: #e6e9ed; }
@media (prefers-color-scheme: dark) { :root {
  --page: #0f1317; --card: #181d23; --text: #e4e8ec; --soft: #a3adb8; --line: #303842;
  --head: #20272f; --link: #7cc0f5; --accent: #56b4e9;
  --good: #7fe0b4; --good-bg: #0f3a2a; --bad: #ffb08a; --bad-bg: #47210f;
  --mixed: #f0d57a; --mixed-bg: #3d3209; --open: #c0c8d0; --open-bg: #2c343d; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
  background: var(--page); color: var(--text); max-width: 76rem; margin: 0 auto;
  padding: 1.5rem clamp(.75rem, 3vw, 2rem) 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1rem; font-weight: 600; margin: 0; color: var(--soft); }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3rem 0 .8rem; padding-top: 1rem;
  border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; line-height: 1.35; margin: 1.8rem 0 .5rem; }
p { margin: .5rem 0; max-width: 52rem; }
a { color: var(--link); }
.soft { max-width: none; }
.soft, .rule, figcaption, .badge-detail { color: var(--soft); font-size: .85rem; }
.rule { margin: .3rem 0; }

h2 + h3 { margin-top: .6rem; }

.headline { background: var(--card); border: 1px solid var(--line);
  border-top: 4px solid var(--accent); border-radius: 10px; margin-top: .8rem;
  padding: clamp(1rem, 3vw, 1.8rem); }
.result { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem 1rem; margin: 0;
  max-width: none; }
.result .value { font-size: clamp(2.6rem, 9vw, 4rem); font-weight: 700; line-height: 1.1;
  letter-spacing: -.02em; color: var(--accent); font-variant-numeric: tabular-nums; }
.result .what { font-size: 1.15rem; flex: 1 1 16rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem;
  margin: 1.2rem 0 .4rem; }
.tiles div { background: var(--head); border-radius: 8px; padding: .6rem .8rem; }
.tiles dt { color: var(--soft); font-size: .82rem; line-height: 1.35; }
.tiles dd { margin: .15rem 0 0; font-size: 1.25rem; font-weight: 600; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.counts { display: flex; flex-wrap: wrap; gap: .4rem .6rem; max-width: none; }
.tiles + .counts { margin-top: 1.1rem; }
.headline .soft { margin: 1rem 0 0; }

.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; margin: .6rem 0; max-width: 100%; width: fit-content; }
table { border-collapse: collapse; font-size: .88rem; line-height: 1.45; overflow-wrap: normal; }
th, td { padding: .4rem .8rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { background: var(--head); font-weight: 600; }
tbody tr:last-child td { border-bottom: 0; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.stack td { overflow-wrap: anywhere; min-width: 6.5rem; }
.stack td[data-label="measure"] { min-width: 11rem; }
.stack td[data-label="in words"] { min-width: 22rem; }
.stack td:first-child { font-weight: 600; }

.verdict { display: inline-block; font-weight: 600; font-size: .82rem; line-height: 1.4;
  padding: .08rem .6rem; border-radius: 1rem; white-space: nowrap; }
.good { color: var(--good); background: var(--good-bg); }
.bad { color: var(--bad); background: var(--bad-bg); }
.mixed { color: var(--mixed); background: var(--mixed-bg); }
.open, .badge { color: var(--open); background: var(--open-bg); }
.badge { font-weight: 500; }

.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { flex: 1 1 28rem; min-width: 0; max-width: 100%; margin: 0;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .7rem; }
figure.wide { flex-basis: 100%; }
.image { overflow-x: auto; background: #fff; border-radius: 6px; padding: .4rem; }
figure img { display: block; margin: 0 auto; max-width: 100%; height: auto; }
figcaption { margin-top: .5rem; }

details { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  margin: .5rem 0; padding: .5rem .9rem; }
details details { background: none; }
summary { cursor: pointer; font-weight: 600; }
pre { background: var(--head); border-radius: 6px; padding: .7rem; font-size: .8rem;
  white-space: pre-wrap; }

@media (max-width: 640px) {
  body { font-size: 15px; }
  h2 { margin-top: 2.2rem; }
  figure { padding: .4rem; flex-basis: 100%; }
  /* Their letters (9 points) stay readable: a figure is scrolled rather than shrunk. */
  figure img { max-width: none; width: calc(var(--inches) * 5.4rem); }
  th, td { padding: .35rem .55rem; }
  .stack { width: 100%; }
  .stack table, .stack tbody, .stack tr, .stack td { display: block; }
  .stack thead { display: none; }
  .stack tr { padding: .5rem .2rem; border-bottom: 1px solid var(--line); }
  .stack tbody tr:last-child { border-bottom: 0; }
  .stack td, .stack td.number { border: 0; padding: .15rem .6rem; text-align: left;
    white-space: normal; }
  .stack td[data-label] { min-width: 0; }
  .stack td::before { content: attr(data-label); display: block; color: var(--soft);
    font-size: .78rem; font-weight: 400; }
}
@media print { body { background: none; max-width: none; } figure { break-inside: avoid; } }
"""
