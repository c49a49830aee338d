/** The look of all visible pages; one text, so that one hash admits it. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #17212b; --quiet: #566270; --paper: #f6f4ef; --card: #fff; --line: #ddd8cc; --accent: #1f5f8b; --on-accent: #fff; --good: #1d6f42; --open: #8a5300; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --quiet: #a3adb8; --paper: #12171c; --card: #1a2129; --line: #323d48; --accent: #8ac3e8; --on-accent: #10202c; --good: #7fd0a0; --open: #e8b566; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: start center; padding: clamp(1.5rem, 12vh, 8rem) 1.5rem 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: min(34rem, 100%); padding: 2.25rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
h1 { margin: 0 0 .6rem; font-size: 1.45rem; line-height: 1.25; }
h2 { margin: 0; font-size: 1.05rem; line-height: 1.35; }
p { margin: 0 0 1rem; } main > form { margin: 1.4rem 0; } main > :last-child, section > :last-child { margin-bottom: 0; }
code { overflow-wrap: anywhere; }
a { color: var(--accent); }
ul { margin: 0; padding: 0; list-style: none; }
.choices { margin-top: 1.2rem; } .choices li + li { margin-top: .6rem; }
.choices a { display: block; padding: .7rem 1rem; border: 1px solid var(--line); border-radius: 8px; font-weight: 600; text-decoration: none; }
.choices a:hover { border-color: var(--accent); }
button { font: inherit; font-weight: 600; padding: .6rem 1.3rem; border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.quiet { padding: .35rem .9rem; background: none; color: var(--accent); border-color: color-mix(in srgb, var(--accent) 55%, transparent); }
button:hover { filter: brightness(1.08); } button.quiet:hover { border-color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.quiet { color: var(--quiet); }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
section { margin-top: 1.5rem; padding-top: 1.4rem; border-top: 1px solid var(--line); }
section + p { margin-top: 1.4rem; }
.waiting { margin: .5rem 0 0; color: var(--quiet); }
section:has(> .settled) > .waiting { display: none; }
.results { margin: .8rem 0 1rem; }
.results li { position: relative; padding: .35rem 0 .35rem 1.9rem; }
.results li span { display: block; color: var(--quiet); }
.results li::before { position: absolute; left: 0; font-weight: 700; }
.results .done::before { content: "\\2713"; content: "\\2713" / ""; color: var(--good); }
.results .open::before { content: "\\2026"; content: "\\2026" / ""; color: var(--open); }
.settled { color: var(--quiet); }
.sessions { margin: 0 0 1.4rem; }
.sessions > li { position: relative; padding: 1.1rem 0; border-top: 1px solid var(--line); }
.sessions > li:last-child { border-bottom: 1px solid var(--line); }
.sessions h2 { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .6rem; }
.sessions svg { flex: none; width: 1.25rem; height: 1.25rem; fill: none; stroke: var(--quiet); stroke-width: 1.6; stroke-linejoin: round; }
.sessions form { margin-top: .8rem; }
.badge { padding: .1rem .55rem; border: 1px solid var(--good); border-radius: 99px; color: var(--good); font-size: .8rem; font-weight: 600; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.1rem; margin: .5rem 0 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.sites li { display: flex; flex-wrap: wrap; gap: 0 .5rem; }
time { white-space: nowrap; }
@media (max-width: 30rem) { body { padding: 0; place-items: stretch; background: var(--card); } main { border: 0; border-radius: 0; padding: 1.75rem 1.25rem; } }
@media (min-width: 30.01rem) { .sessions form { position: absolute; top: 1rem; right: 0; margin: 0; } .sessions h2 { padding-right: 7rem; } }
@media (forced-colors: active) { button { border: 1px solid; } }
`
