import { describe, expect, test } from '@jest/globals';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import { changed, configurationItems } from './configurations.ts';
import { canaryOf, expectNoTrace } from './row.ts';

describe('a bad configuration is refused with the place, what was found and what is expected', () => {
  test.each(configurationItems.map((item) => [item.item, item.title, item] as const))(
    '%i: %s',
    (_number, _title, item) => {
      const canary = canaryOf(item);
      const { path } = item;
      const parse = () => parseRotationConfig(changed(item, canary));
      if (path === undefined) {
        expect(parse).not.toThrow();
        return;
      }
      let error: unknown;
      try {
        parse();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'ERR_ROTATION_CONFIG_INVALID' });
      const { problems } = error as { problems: readonly string[] };
      expect(
        problems.filter(
          (problem) => !problem.startsWith(`${path}: found `) && !problem.startsWith(path),
        ),
      ).toEqual([]);
      expect(problems.join('\n')).toMatch(/expected/);
      expectNoTrace(canary, error);
    },
  );
});
