/** An error in words, where it is told beside others: messages of ours hold no value, of others only the class is told. */
export function nameOf(error: unknown): string {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  return typeof code === 'string' && code.startsWith('ERR_ROTATION_')
    ? `${code}: ${message}`
    : (name ?? 'unknown');
}
