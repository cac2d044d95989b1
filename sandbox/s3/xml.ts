/** S3 answers in XML without the wrappers of the query protocol. */
import { RestAnswer } from '../protocols.ts';

type Node =
  | string
  | number
  | boolean
  | Date
  | undefined
  | { readonly [name: string]: Node | Node[] };

export function xmlAnswer(
  root: string,
  content: { readonly [name: string]: Node | Node[] },
): RestAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, content, ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"')}`;
  return new RestAnswer(200, { 'content-type': 'application/xml' }, body);
}

export function element(name: string, node: Node, attributes = ''): string {
  if (node === undefined) {
    return '';
  }
  return `<${name}${attributes}>${typeof node === 'object' && !(node instanceof Date) ? children(node) : text(node)}</${name}>`;
}

function children(node: { readonly [name: string]: Node | Node[] }): string {
  return Object.entries(node)
    .flatMap(([name, child]) =>
      (Array.isArray(child) ? child : [child]).map((one) => element(name, one)),
    )
    .join('');
}

function text(value: string | number | boolean | Date): string {
  const plain = value instanceof Date ? value.toISOString() : String(value);
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
