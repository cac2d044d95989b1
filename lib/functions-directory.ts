/** Where the bundled functions lie, from this module; the packed constructs have a file of their own in its place. */
import { join } from 'node:path';

export const functionsDirectory: string = join(import.meta.dirname, '..', 'dist', 'lambdas');
