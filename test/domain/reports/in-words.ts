/** A page as somebody hears it who does not see it: its words in their order, a line a paragraph, and tones by name. */

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

export function inWords(page: string): string {
  const body = page.slice(page.indexOf('<body'));
  return body
    .replaceAll(/<svg\b.*?<\/svg>/gs, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(
      /<span class="badge (\w+)">(.*?)<\/span>/g,
      (_, tone: string, text: string) => `[${tone}: ${text}] `,
    )
    .replaceAll(/<h([1-6])\b[^>]*>/g, (_, level: string) => `\n\n${'#'.repeat(Number(level))} `)
    .replaceAll(/<\/t[dh]> ?<t[dh]\b[^>]*>/g, ' | ')
    .replaceAll(/<li\b[^>]*>/g, '\n- ')
    .replaceAll(/<a href="([^"]*)"[^>]*>/g, (_, href: string) => `(${href}) `)
    .replaceAll(
      /<\/?(?:p|div|tr|table|ul|ol|pre|section|summary|details|dt|header|footer)\b[^>]*>/g,
      '\n',
    )
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole)
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' ').trim())
    .filter((line) => line !== '' && line !== '-')
    .join('\n')
    .concat('\n');
}
