// The home page's picture that works: a price and a stock in a grid change the page of a bakery beside it, joined by a wire. The page's list leaves out what is sold out, as its view does.

const SVG = 'http://www.w3.org/2000/svg';
/** The other nine breads of the picture: their stock and their prices. */
const OTHERS = { stock: 112, price: 39.2, count: 9 };
/** Radius of the wire's corners, in pixels. */
const BEND = 10;

const money = new Intl.NumberFormat('en-IE', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The price that somebody typed, as far as it is one. */
export function readPrice(text: string): number | undefined {
  const digits = text.replace(/[^\d.,]/g, '').replace(',', '.');
  const value = Number.parseFloat(digits);
  return Number.isFinite(value) && value >= 0 && value < 1_000_000 ? value : undefined;
}

/** What the page and the grid's footer say for a price and a stock. */
export function words(price: number, stock: number) {
  const sold = stock <= 0;
  return {
    price: money.format(price),
    said: sold ? 'Seeded spelt is not on the page' : `The page says ${money.format(price)}`,
    sum: String(OTHERS.stock + Math.max(0, stock)),
    avg: money.format((OTHERS.price + price) / (OTHERS.count + 1)),
    sold,
  };
}

function draw(pair: HTMLElement, wire: SVGSVGElement, from: Element, row: Element, to: Element, page: Element): void {
  // What is not on the page has nothing to be joined to.
  if (to.getClientRects().length === 0) return wire.replaceChildren();
  const o = pair.getBoundingClientRect();
  const a = from.getBoundingClientRect();
  const left = page.getBoundingClientRect().left;
  // Beside the grid the wire comes from the left to the row; below it, from the right to its price.
  const stacked = left < a.left;
  const b = (stacked ? to : row).getBoundingClientRect();
  const y1 = a.bottom - o.top;
  const y2 = b.top - o.top + b.height / 2;
  const x2 = stacked ? b.right - o.left + 5 : b.left - o.left - 9;
  const middle = stacked ? o.width + 9 : left - o.left - 22;
  const last = stacked ? -BEND : BEND;
  const line = `M${a.right - o.left + (stacked ? 0 : 2)} ${y1}H${middle - BEND}q${BEND} 0 ${BEND} ${BEND}V${y2 - BEND}q0 ${BEND} ${last} ${BEND}H${x2}`;
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', line);
  const end = document.createElementNS(SVG, 'rect');
  for (const [name, value] of [['x', x2 - 4], ['y', y2 - 4], ['width', 8], ['height', 8]] as const) end.setAttribute(name, String(value));
  wire.replaceChildren(path, end);
}

export function startHero(pair: HTMLElement): void {
  const part = <T extends Element>(selector: string): T => {
    const found = pair.querySelector<T>(selector);
    if (!found) throw new Error(`the picture has no ${selector}`);
    return found;
  };
  const [priceIn, stockIn] = [part<HTMLInputElement>('[data-in=price]'), part<HTMLInputElement>('[data-in=stock]')];
  const [wire, from, to, page] = [part<SVGSVGElement>('svg.wire'), part('#from'), part('#to'), part('.web')];
  const row = part<HTMLElement>('[data-out=row]');
  let [price, stock] = [6.2, 7];
  const wired = () => draw(pair, wire, from, row, to, page);
  const show = () => {
    const now = words(price, stock);
    for (const name of ['price', 'said', 'sum', 'avg'] as const) part(`[data-out=${name}]`).textContent = now[name];
    row.hidden = now.sold;
    wired();
  };
  priceIn.addEventListener('input', () => {
    price = readPrice(priceIn.value) ?? price;
    show();
  });
  priceIn.addEventListener('change', () => (priceIn.value = money.format(price)));
  stockIn.addEventListener('input', () => {
    stock = Math.max(0, Math.trunc(Number(stockIn.value)) || 0);
    show();
  });
  void document.fonts.ready.then(wired);
  new ResizeObserver(wired).observe(pair);
}

if (typeof document !== 'undefined') {
  const pair = document.querySelector<HTMLElement>('[data-hero]');
  if (pair) startHero(pair);
}
