import { expect, test } from '@jest/globals';
import { evaluateIntrinsic } from '../../../sandbox/step-functions/intrinsics.ts';
import type { Json } from '../../../sandbox/step-functions/json.ts';

const values: Record<string, Json> = {
  '$.o': { q: 'a"b\\c' },
  '$.s': 'back\\slash',
  '$.list[0:2]': [1, 2],
  "$['a, b']": 'quoted',
  '$$.Execution.Name': 'run',
};
const evaluate = (expression: string) =>
  evaluateIntrinsic(expression, async (path) => values[path] ?? null);

test.each<[string, Json]>([
  ['States.JsonToString($.o)', '{"q":"a\\"b\\\\c"}'],
  ['States.StringToJson(States.JsonToString($.o))', { q: 'a"b\\c' }],
  ["States.Format('{} and {}, {}', $.s, 3, null)", 'back\\slash and 3, null'],
  ["States.Format('\\{\\} it\\'s {}', true)", "{} it's true"],
  ["States.Format('{}', $['a, b'])", 'quoted'],
  ["States.Format('{}-{}', $$.Execution.Name, 'a(b)')", 'run-a(b)'],
  ["States.Array(1, 'two', $.list[0:2], -3.5)", [1, 'two', [1, 2], -3.5]],
  ['States.ArrayLength($.list[0:2])', 2],
  ['States.ArrayGetItem($.list[0:2], 1)', 2],
  ['States.ArrayContains($.list[0:2], 2)', true],
  ['States.MathAdd(2, -5)', -3],
  ["States.StringSplit('a.b-c', '.-')", ['a', 'b', 'c']],
  ['States.JsonMerge($.o, States.StringToJson(\'{"z":1}\'), false)', { q: 'a"b\\c', z: 1 }],
  ["States.Base64Decode(States.Base64Encode('grün'))", 'grün'],
  ["States.Hash('abc', 'SHA-1')", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
])('%s', async (expression, expected) => {
  expect(await evaluate(expression)).toEqual(expected);
});

test('States.UUID gives a version 4 UUID, another one each time', async () => {
  const [a, b] = [await evaluate('States.UUID()'), await evaluate('States.UUID()')];
  expect(a).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(a).not.toBe(b);
});

test.each([
  ["States.Format('{}')"],
  ["States.Format('{}', 1, 2)"],
  ['States.StringToJson($.o)'],
  ["States.StringToJson('{')"],
  ['States.ArrayGetItem($.list[0:2], 5)'],
  ['States.Unknown(1)'],
  ['States.Array(1, 2'],
  ['States.Array(1) and more'],
  ['States.JsonMerge($.o, $.o, true)'],
])('%s is a States.Runtime error', async (expression) => {
  await expect(evaluate(expression)).rejects.toMatchObject({ error: 'States.Runtime' });
});
