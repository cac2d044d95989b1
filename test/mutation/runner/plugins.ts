import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { Drawn } from './drawn.ts';
import { InProcessRunner } from './in-process.ts';

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner),
  declareClassPlugin(PluginKind.Checker, 'drawn', Drawn),
];
