/** Stryker loads plugins by plain `import`, in its own process and in those it starts. */
import { register } from 'tsx/esm/api';

register();
export const { strykerPlugins } = await import('./plugins.ts');
