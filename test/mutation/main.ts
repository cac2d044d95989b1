import { runKillList } from './kill-list/run.ts';
const v = await runKillList(Number(process.env.MUTATION_PROCESSES ?? 1), process.argv[2] ?? '');
console.log(v.length, v.filter((x) => x.survived).length);
