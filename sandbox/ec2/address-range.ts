/** IPv4 ranges in CIDR notation, as far as security groups and routes compare them. */

/** Does the outer range hold every address of the inner one? */
export function covers(outer: string, inner: string): boolean {
  const wide = parse(outer);
  const narrow = parse(inner);
  const size = 2 ** (32 - wide.prefix);
  return (
    wide.prefix <= narrow.prefix &&
    Math.floor(narrow.address / size) === Math.floor(wide.address / size)
  );
}

export const everywhere = '0.0.0.0/0';

function parse(range: string): { address: number; prefix: number } {
  const [dotted = '', prefix = '32'] = range.split('/');
  const address = dotted.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { address, prefix: Number(prefix) };
}
