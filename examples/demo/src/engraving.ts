/**
 * The picture on the newspaper's front page, engraved the old way: nothing but horizontal lines, thicker where the
 * scene is darker. The scene is the isthmus at sunrise, a strip of land between two seas.
 */
const width = 720
const height = 372
const horizon = 172
const spacing = 4
const step = 6
const sun = { x: 296, y: horizon - 14, radius: 50 }

/** Draws the engraving as one SVG document. */
export function drawEngraving(): string {
  const lines: string[] = []
  for (let y = spacing; y < height; y += spacing) lines.push(engraveLine(y))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">`,
    `<path d="${lines.join('')}"/>`,
    foreground,
    '</svg>',
  ].join('\n')
}

/** One line as a closed outline: out along its upper edge, back along its lower one. */
function engraveLine(y: number): string {
  const upper: string[] = []
  const lower: string[] = []
  for (let x = 0; x <= width; x += step) {
    const half = (spacing * 0.92 * clamp(toneAt(x, y), 0.03)) / 2
    const middle = y + swellAt(x, y)
    upper.push(`${x} ${(middle - half).toFixed(1)}`)
    lower.unshift(`${x} ${(middle + half).toFixed(1)}`)
  }
  return `M${upper.join(' ')} ${lower.join(' ')}z`
}

/** How far a line leaves the level: the sea swells, more so nearer to us; the land rolls. */
function swellAt(x: number, y: number): number {
  if (y <= horizon) return 0
  const near = nearness(y)
  return near * (isLand(x, y) ? 4.5 * Math.sin(x / 50 + y / 34) : 1.5 * Math.sin(x / (8 + 16 * near) + y * 1.3))
}

/** The darkness of the scene at a point, from 0 (paper) to 1 (ink). */
function toneAt(x: number, y: number): number {
  if (y <= horizon) return isHill(x, y) ? 0.66 + 0.22 * Math.sin(x / 9 + y / 3) : skyTone(x, y)
  return isLand(x, y) ? landTone(x, y) : seaTone(x, y)
}

function skyTone(x: number, y: number): number {
  const [dx, dy] = [x - sun.x, y - sun.y]
  const distance = Math.hypot(dx, dy)
  if (distance < sun.radius) return 0
  const ray = Math.cos(Math.atan2(dy, dx) * 22) > 0.3 ? 0.2 * clamp(1.4 - distance / 300) : 0
  const clouds =
    blob(x, y, 118, 66, 130, 17) +
    blob(x, y, 176, 48, 90, 17) +
    blob(x, y, 560, 84, 150, 15) +
    blob(x, y, 610, 68, 80, 14)
  return (0.08 + distance / 900 + ray) * (1 - clamp(clouds))
}

function seaTone(x: number, y: number): number {
  const near = nearness(y)
  const glitter = clamp(1 - Math.abs(x - sun.x) / (70 + 190 * near)) * 0.5
  return 0.52 + 0.16 * near + 0.2 * Math.sin(x / (10 + 22 * near) + y * 2.3) - glitter
}

function landTone(x: number, y: number): number {
  const near = nearness(y)
  const across = (x - spineAt(y)) / shoreAt(y)
  const edge = Math.abs(across)
  if (edge > 0.94) return 0
  if (edge > 0.88) return 0.95
  if (Math.abs(across - 0.22 * Math.sin(near * 6.5)) < 0.085) return 0
  const furrow = Math.sin(across * 26 + Math.floor(near ** 0.5 * 7) * 1.9)
  return 0.17 + 0.12 * furrow + 0.26 * clamp(across)
}

/** The isthmus narrows toward the horizon and winds a little. */
function isLand(x: number, y: number): boolean {
  return Math.abs(x - spineAt(y)) < shoreAt(y)
}

function spineAt(y: number): number {
  return 372 + 56 * Math.sin((y - horizon) / 66)
}

function shoreAt(y: number): number {
  return 10 + 262 * nearness(y) ** 1.45 + 6 * Math.sin(y / 6.5)
}

function isHill(x: number, y: number): boolean {
  const ridge = 25 * Math.max(0, Math.sin(x / 96 + 2.2)) + 9 * Math.sin(x / 23) * Math.sin(x / 61)
  const away = clamp((Math.abs(x - 330) - 90) / 120)
  return y > horizon - away * (ridge + 11)
}

/** 0 at the horizon, 1 at the lower edge. */
function nearness(y: number): number {
  return (y - horizon) / (height - horizon)
}

function blob(x: number, y: number, cx: number, cy: number, rx: number, ry: number): number {
  return clamp(1.6 - 1.6 * Math.hypot((x - cx) / rx, (y - cy) / ry))
}

function clamp(value: number, least = 0): number {
  return Math.min(1, Math.max(least, value))
}

/** What stands before the scene, on paper cut out of the lines: light, then shade, then ink. */
const foreground = `<defs>
<path id="light" d="M428 92h30l11 150h-52zM420 70h46v20h-46zM480 206h58v36h-58zM322 258h66v38h-66zM398 268h38v28h-38zM124 250V158l-46 84zM130 250v-76q36 34 42 68zM222 202v-34l-17 31zM225 202v-26l14 23z"/>
<path id="ink" d="M426 122h34l3 34h-40zM421 188h44l3 30h-50zM414 88h58v7h-58zM418 68q25-34 50 0zM441 30h4v22h-4zM474 207l35-23 35 23zM316 259l39-26 39 26zM393 269l24-18 24 18zM74 252h104l-18 24H92zM126 150h3v104h-3zM204 205h40l-6 9h-28zM556 266h142l-13 28H572zM586 248h76v18h-76zM602 206h16v42h-16zM632 212h16v36h-16zM684 222h3v44h-3z"/>
</defs>
<g fill="#fff" stroke="#fff" stroke-width="4" stroke-linejoin="round"><use href="#light"/><use href="#ink"/></g>
<g fill="none" stroke="#000" stroke-width="1.6" stroke-linejoin="round">
<use href="#light"/>
<path stroke-width="1" d="M447 97l5 24M451 97l4 24M455 97l3 24M451 158l4 29M455 158l4 29M459 158l3 29M457 220l2 20M462 220l2 20M520 212v28M525 212v28M530 212v28M534 212v28M366 264v30M371 264v30M376 264v30M381 264v30M424 272v22M428 272v22M432 272v22M118 176v70M112 187v57M106 198v45M137 186v60M144 194v50M151 203v40"/>
<path stroke-width="1.4" d="M430 74v12M436 74v12M443 74v12M450 74v12M456 74v12"/>
<path stroke-width="2.2" stroke-linecap="round" d="M262 62q7-8 12 0 5-8 12 0M304 44q5-6 9 0 4-6 9 0M236 84q5-6 9 0 4-6 9 0"/>
</g>
<use href="#ink"/>
<path d="M488 216h10v10h-10zM504 216h10v10h-10zM333 270h11v12h-11zM352 270h11v26h-11zM406 277h9v9h-9zM436 224h13v18h-13z"/>
<path fill="#fff" d="M598 254h7v6h-7zM614 254h7v6h-7zM630 254h7v6h-7zM602 216h16v5h-16zM632 222h16v5h-16z"/>
<g fill="none" stroke-linecap="round"><path stroke="#fff" stroke-width="13" d="M612 200q8-22 32-25t56-22"/><path stroke="#000" stroke-width="1.3" d="M607 200q7-24 34-28t58-24M613 201q8-20 32-24t58-22M617 202q9-14 29-18t52-19"/></g>`
