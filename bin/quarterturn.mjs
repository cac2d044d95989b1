#!/usr/bin/env node
// `npx quarterturn` in a checkout: Node 20 strips no types, so tsx does.
import { register } from 'tsx/esm/api';

register();
await import('./quarterturn.ts');
