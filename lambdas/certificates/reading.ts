/** What one look finds of one certificate. */
export interface Reading {
  /** The soonest end; absent: nothing was read. */
  readonly notAfter?: Date | undefined;
  /** Of the certificate that ends first: a renewed one has another. */
  readonly identity?: string | undefined;
  readonly serial?: string | undefined;
  /** What needs a person, beside the end. */
  readonly problem?: string | undefined;
  readonly remark?: string | undefined;
}

/** What somebody else wrote into a certificate, as far as it may be repeated. */
export const printable = (text: string): string =>
  text
    .replaceAll(/[^\w.*,=@:()+-]+/g, ' ')
    .trim()
    .slice(0, 120);
