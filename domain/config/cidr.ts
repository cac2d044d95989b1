/** IPv4 ranges in CIDR notation (RFC 4632), as numbers. */
export interface Cidr {
  /** Lowest address of the range. */
  readonly address: number;
  /** Length of the prefix, in bits. */
  readonly prefix: number;
}

/** Ranges that are nobody's on the internet: RFC 1918, and RFC 6598, which AWS accepts too. */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(parse);

/**
 * What is wrong with the range, or undefined.
 * @param whose `private`: a range of the internet is a mistake; `any`: it is somebody's choice
 */
export function cidrProblem(text: string, whose: 'private' | 'any'): string | undefined {
  const found = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  const octets = found?.slice(1, 5).map(Number) ?? [];
  if (found === null || octets.some((octet) => octet > 255)) {
    return 'four numbers from 0 to 255 and a prefix, such as "10.42.0.0/24"';
  }
  const range = parse(text);
  const lowest = format(range);
  if (lowest !== text) {
    return `"${lowest}": the address has bits set behind its prefix`;
  }
  return whose === 'any' || privateRanges.some((allowed) => contains(allowed, range))
    ? undefined
    : 'a private range: within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10';
}

/** `parts` equal ranges that make up the whole, in order; `parts` is a power of two. */
export function split(text: string, parts: number): string[] {
  const { address, prefix } = parse(text);
  const inner = prefix + Math.log2(parts);
  return Array.from({ length: parts }, (_, index) =>
    format({ address: address + index * 2 ** (32 - inner), prefix: inner }),
  );
}

/** The range of its network: bits behind the prefix count as zero. */
function parse(text: string): Cidr {
  const [dotted = '', bits = '32'] = text.split('/');
  const number = dotted.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(bits));
  return { address: Math.floor(number / size) * size, prefix: Number(bits) };
}

function format({ address, prefix }: Cidr): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
  return `${octets.join('.')}/${prefix}`;
}

function contains(outer: Cidr, inner: Cidr): boolean {
  const size = 2 ** (32 - outer.prefix);
  return outer.prefix <= inner.prefix && Math.floor(inner.address / size) * size === outer.address;
}
