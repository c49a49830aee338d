/** The panel stands in a shadow tree: neither it nor the page changes how the other looks. */
export const PANEL_STYLE = `
:host { all: initial; position: fixed; z-index: 2147483647; right: 12px; bottom: 12px; color-scheme: light dark }
section {
  --ink: light-dark(#17313c, #e3eef2); --soft: light-dark(#55707c, #9cb4be); --paper: light-dark(#fff, #14232a);
  --line: light-dark(#c9d8de, #31474f); --mark: light-dark(#eef5f8, #1d323b);
  font: 13px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); border: 1px solid var(--line);
  border-radius: 10px; box-shadow: 0 8px 30px #0004; width: min(400px, calc(100vw - 24px)); max-height: min(72vh, 640px);
  overflow: auto; box-sizing: border-box
}
header { position: sticky; top: 0; display: flex; gap: 8px; align-items: center; padding: 8px 12px; background: var(--mark) }
header b { flex: 1 }
h2 { font-size: 12px; font-weight: 600; margin: 12px 12px 4px; color: var(--soft) }
output { padding: 1px 9px; border-radius: 9px; color: #fff; background: #5d6f77 }
output[data-status=signed-in] { background: #1b7a43 }
output[data-status=signed-out] { background: #41606e }
output[data-status=unknown] { background: #a1560b }
dl { display: grid; grid-template-columns: 6.5em 1fr; margin: 0 12px; gap: 2px 8px }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
ul { margin: 0 12px 10px; padding: 0; list-style: none }
li { padding: 3px 0; border-top: 1px solid var(--line) } li:first-child { border: 0 }
time { color: var(--soft); margin-right: 8px; font-variant-numeric: tabular-nums }
small { color: var(--soft); font-size: 12px } code { font: 12px ui-monospace, monospace }
menu { display: flex; flex-wrap: wrap; gap: 6px; margin: 4px 12px; padding: 0 }
button { font: inherit; color: inherit; background: var(--mark); border: 1px solid var(--line); border-radius: 6px; padding: 3px 9px; cursor: pointer }
button[aria-pressed=true] { background: #a1560b; color: #fff }
p { margin: 0 12px }
`
