/** What each app is, in a sentence, and how a page of one's own would use it. */

import type { AppName } from './app-list.ts';

interface AppWords {
  readonly introduction: string;
  /** The folder of its module, and what the names of its tables begin with. */
  readonly folder: string;
  readonly tables: string;
  /** For this page's console, as it stands. */
  readonly code: string;
}

export const APP_WORDS: Readonly<Record<AppName, AppWords>> = {
  kv: {
    introduction:
      'Puts and appends that happen exactly once, and reads that are never stale: from a command ' +
      'line, from code, or by plain fetch.',
    folder: 'src/apps/kv',
    tables: 'kv_',
    code:
      'const { KeyValueStore } = await resqlite.kv();\n' +
      "await new KeyValueStore(db).append('log', 'a line');",
  },
  chat: {
    introduction:
      'Sign up, find others and write to them. What was sent outlives every tab, as long as a ' +
      'majority of them is there at a time.',
    folder: 'src/apps/chat',
    tables: 'chat_',
    code: "const { Chat } = await resqlite.chat();\nawait new Chat(db).listUsers('*');",
  },
  mapreduce: {
    introduction: 'A map and a reduce function over your files, worked off by all open tabs.',
    folder: 'src/apps/mapreduce',
    tables: 'mapreduce_',
    code:
      'const { mapReduce } = await resqlite.mapReduce();\n' +
      "const inputs = [{ name: 'a.txt', contents: 'to be or not to be' }];\n" +
      "await mapReduce(db, { job: 'word-count', inputs, nReduce: 1 });",
  },
};
