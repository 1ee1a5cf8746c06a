/** The apps' libraries, for scripts and the browser's console: each is fetched when it is asked for. */

export const appLibraries = {
  kv: () => import('../../apps/kv/kv.ts'),
  chat: () => import('../../apps/chat/chat.ts'),
  mapReduce: () => import('../../apps/mapreduce/mapreduce.ts'),
} as const;
