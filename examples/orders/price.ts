/** What a line of an order costs. All amounts are whole cents: money in floating point loses some on the way. */

/** So many pieces at the price of one. */
export interface Line {
  readonly quantity: number;
  readonly unitCents: number;
}

/** The price of a line. The price of a piece includes the tax already. */
export function linePrice({ quantity, unitCents }: Line): number {
  return quantity * unitCents;
}

/** An amount as people read it. */
export function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} €`;
}
