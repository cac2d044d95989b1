/** The style of the page: light and dark as the reader's system is, and paper. Nothing of it is fetched. */

const light = `
  --paper: #fcfcfa; --panel: #f3f4ef; --ink: #1a1f24; --soft: #525b64; --rule: #d6dad2; --strong-rule: #a9b0a6;
  --accent: #0a5c5e; --accent-soft: #cfe3e1; --bar: #7fb3b0; --bar-next: #4f9591;
  --good: #17633a; --good-soft: #e2f1e7; --warn: #754700; --warn-soft: #fbeed3; --bad: #a1161d; --bad-soft: #fde6e4;
  --mute-soft: #e9ebe5; --future: #f7f7f3;`;
const dark = `
  --paper: #121517; --panel: #1a1e21; --ink: #e9ebed; --soft: #a7b0b8; --rule: #2f363b; --strong-rule: #535d64;
  --accent: #78d5cd; --accent-soft: #17383a; --bar: #2f6f6c; --bar-next: #459691;
  --good: #83d9a5; --good-soft: #14301f; --warn: #f2c46f; --warn-soft: #35280f; --bad: #ff9d97; --bad-soft: #3d1a1b;
  --mute-soft: #272d31; --future: #161a1d;`;

export const style = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
.skip { position: absolute; left: -999px; padding: .5rem 1rem; background: var(--ink); color: var(--paper); }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; }
.page { max-width: 1120px; margin: 0 auto; padding: 0 28px; }
a { color: var(--accent); text-underline-offset: .15em; overflow-wrap: anywhere; }
a:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header.top { padding-block: 40px 0; }
.brand { display: flex; align-items: center; gap: .6rem; color: var(--accent); font-weight: 650; letter-spacing: .01em; margin: 0 0 20px; }
.brand svg { width: 22px; height: 22px; }
h1 { font-size: 2.35rem; line-height: 1.12; letter-spacing: -.022em; margin: 0; font-weight: 680; text-wrap: balance; }
h1 .where { color: var(--soft); font-weight: 480; }
.meta { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 18px 0 0; padding: 0; }
.meta div { display: flex; gap: .5em; min-width: 0; }
.meta dt { color: var(--soft); white-space: nowrap; }
.meta dd { margin: 0; overflow-wrap: anywhere; }
nav { border-block: 1px solid var(--rule); margin-top: 28px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 22px; list-style: none; margin: 0; padding: 10px 0; }
nav a { text-decoration: none; font-size: .93rem; }
nav a:hover { text-decoration: underline; }
main { padding-bottom: 48px; }
section { margin-top: 44px; }
h2 { font-size: 1.32rem; letter-spacing: -.012em; line-height: 1.25; margin: 0 0 4px; }
h2 + p.about { margin-top: 0; }
h3 { font-size: 1.04rem; margin: 30px 0 2px; }
h3 .kind { color: var(--soft); font-weight: 450; }
p { margin: .5em 0; max-width: 80ch; text-wrap: pretty; }
.about, .small { color: var(--soft); }
.small { font-size: .88rem; }
.verdict { display: grid; grid-template-columns: auto 1fr; gap: 0 18px; align-items: center; padding: 22px 24px; border-radius: 14px; margin-top: 30px; }
.verdict svg { width: 40px; height: 40px; }
.verdict h2 { font-size: 1.55rem; margin: 0; }
.verdict p { margin: 2px 0 0; }
.verdict.good { background: var(--good-soft); } .verdict.good h2, .verdict.good svg { color: var(--good); }
.verdict.warn { background: var(--warn-soft); } .verdict.warn h2, .verdict.warn svg { color: var(--warn); }
.verdict.bad { background: var(--bad-soft); } .verdict.bad h2, .verdict.bad svg { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin: 18px 0 0; padding: 0; border: 1px solid var(--rule); border-radius: 14px; overflow: hidden; }
.tiles div { box-shadow: 0 0 0 .5px var(--rule); padding: 16px 18px 14px; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tiles dd { margin: 0; font-size: 1.85rem; line-height: 1.15; font-weight: 640; letter-spacing: -.02em; }
.tiles dt { color: var(--soft); font-size: .88rem; }
.tiles .bad dd { color: var(--bad); } .tiles .warn dd { color: var(--warn); }
.attention { list-style: none; padding: 0; margin: 18px 0 0; border-top: 1px solid var(--rule); }
.attention li { display: grid; grid-template-columns: 11rem 1fr; gap: 4px 18px; padding: 11px 0; border-bottom: 1px solid var(--rule); }
.attention strong { display: block; overflow-wrap: anywhere; }
.attention p { margin: 0; overflow-wrap: anywhere; }
.badge { display: inline-flex; align-items: center; gap: .45em; white-space: nowrap; padding: .08em .62em .1em .5em; border-radius: 99px; font-size: .84rem; font-weight: 560; background: var(--mute-soft); color: var(--ink); }
.badge::before { content: ""; width: .5em; height: .5em; border-radius: 50%; background: currentColor; }
.badge.good { background: var(--good-soft); color: var(--good); }
.badge.warn { background: var(--warn-soft); color: var(--warn); }
.badge.bad { background: var(--bad-soft); color: var(--bad); }
.scroll { overflow-x: auto; margin-top: 12px; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding: 0 0 6px; }
th, td { text-align: left; vertical-align: top; padding: 9px 18px 9px 0; border-bottom: 1px solid var(--rule); overflow-wrap: break-word; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-weight: 560; font-size: .84rem; border-bottom-color: var(--strong-rule); white-space: nowrap; }
tbody th { font-weight: 600; white-space: nowrap; }
td.long { overflow-wrap: anywhere; }
.nowrap { white-space: nowrap; }
td ul { margin: 0; padding: 0; list-style: none; }
td li + li { margin-top: 2px; }
td.date { white-space: nowrap; }
td.late { color: var(--bad); font-weight: 600; }
.history { table-layout: fixed; min-width: 780px; }
.history th, .history td { font-size: .89rem; }
.history th:nth-child(1) { width: 10rem; } .history th:nth-child(2) { width: 8.4rem; } .history th:nth-child(3) { width: 23%; } .history th:nth-child(4) { width: 7.6rem; } .history th:nth-child(6) { width: 6.6rem; }
.history .badge { white-space: normal; }
.inventory { min-width: 760px; }
.inventory td:nth-child(2) { width: 30%; } .inventory td:nth-child(3) { min-width: 11rem; } .inventory td:nth-child(5) { min-width: 7.5rem; }
.wide { table-layout: fixed; min-width: 980px; }
.wide th, .wide td { font-size: .89rem; overflow-wrap: anywhere; } .wide tbody th { white-space: normal; } .wide .badge { white-space: normal; }
.wide thead th { white-space: normal; }
.stages th:nth-child(1) { width: 8.6rem; } .stages th:nth-child(2) { width: 19%; } .stages th:nth-child(3) { width: 7rem; } .stages th:nth-child(4), .stages th:nth-child(5) { width: 7.4rem; } .stages th:nth-child(6) { width: 6rem; }
.secrets th:nth-child(1) { width: 7.5rem; } .secrets th:nth-child(3) { width: 5rem; } .secrets th:nth-child(5) { width: 21%; }
.readers th:nth-child(1) { width: 20%; } .readers th:nth-child(2) { width: 10rem; } .readers th:nth-child(3), .readers th:nth-child(4) { width: 7.4rem; } .readers th:nth-child(5) { width: 4.2rem; } .readers th:nth-child(6) { width: 5.4rem; } .readers th:nth-child(8) { width: 22%; }
.reserved::before { content: "! "; color: var(--warn); font-weight: 700; }
.timeline { margin-top: 14px; border: 1px solid var(--rule); border-radius: 14px; padding: 10px 16px 14px; }
.timeline svg { display: block; width: 100%; min-width: 760px; height: auto; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.timeline text { fill: var(--soft); } .timeline text.name { fill: var(--ink); font-size: 13px; font-weight: 600; } .timeline text.now { fill: var(--accent); font-weight: 650; }
.t-future { fill: var(--future); } .t-month { stroke: var(--rule); } .t-row { stroke: var(--rule); } .t-now { stroke: var(--accent); stroke-width: 1.5; }
.t-bar { fill: var(--bar); } .t-bar.current { fill: var(--bar-next); } .t-late { fill: var(--bad); } .t-window { fill: var(--accent-soft); }
.t-mark { fill: var(--accent); stroke: var(--paper); stroke-width: 1.5; } .t-mark.bad { fill: var(--bad); } .t-mark.warn { fill: var(--warn); }
.t-cross { stroke: var(--bad); stroke-width: 2.4; fill: none; } .t-plan { fill: var(--paper); stroke: var(--accent); stroke-width: 1.6; } .t-plan.far { stroke-opacity: .5; } .t-limit { stroke: var(--bad); stroke-width: 1.6; }
.t-rows { fill: var(--good); stroke: var(--paper); stroke-width: 1.2; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 10px 0 0; padding: 0; color: var(--soft); font-size: .86rem; }
.legend li { display: flex; align-items: center; gap: .5em; } .legend svg { width: 18px; height: 14px; min-width: 0; }
pre { margin: .5em 0 0; padding: 8px 12px; border-radius: 8px; background: var(--panel); font: .86rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.attention ul { margin: 2px 0 0; padding-left: 1.1em; } .attention li li { display: list-item; border: 0; padding: 1px 0; overflow-wrap: anywhere; }
.remaining li { grid-template-columns: 2.2rem 1fr; } .remaining li li { padding: 0; } .box { font-size: 1.3rem; line-height: 1.2; } .remaining .badge { margin-right: .5em; }
.drill { border: 2px dashed var(--warn); border-radius: 14px; padding: 10px 18px; color: var(--warn); font-weight: 650; margin-top: 24px; }
.control { border-top: 1px solid var(--rule); margin-top: 22px; padding-top: 4px; }
.control h3 { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; margin-top: 12px; }
footer { border-top: 1px solid var(--rule); padding-block: 18px 40px; color: var(--soft); font-size: .88rem; }
@media (max-width: 640px) {
  .page { padding: 0 16px; } h1 { font-size: 1.8rem; } .attention li { grid-template-columns: 1fr; } .verdict { grid-template-columns: 1fr; }
}
@page { size: A4; margin: 14mm 13mm; }
@media print {
  :root { color-scheme: light; ${light} --paper: #fff; }
  html { font-size: 12px; } body { font-size: 9.5pt; line-height: 1.42; }
  .tiles { grid-template-columns: repeat(6, 1fr); } .tiles div { padding: 8pt 9pt; }
  nav, .skip { display: none; }
  header.top { padding-top: 0; } .page { max-width: none; padding: 0; }
  h1 { font-size: 21pt; } h2 { font-size: 13pt; } section { margin-top: 22pt; }
  .scroll { overflow: visible; } .timeline svg { min-width: 0; }
  table { font-size: 8pt; } .history th, .history td { font-size: 7.6pt; } th, td { padding: 4pt 8pt 4pt 0; }
  thead th, tbody th { white-space: normal; } .history, .inventory, .wide { min-width: 0; } .wide th, .wide td { font-size: 7.2pt; padding-right: 5pt; }
  .stages th:nth-child(n), .secrets th:nth-child(n), .readers th:nth-child(n) { width: auto; }
  .history th:nth-child(1) { width: 13%; } .history th:nth-child(2) { width: 13%; } .history th:nth-child(3) { width: 21%; } .history th:nth-child(4) { width: 13%; } .history th:nth-child(6) { width: 10%; }
  thead { display: table-header-group; } tr, .attention li, .verdict, .tiles, .timeline, .control h3 { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
}
`;
