/**
 * The only place where runs in browsers let time pass for its own sake: faults last, and load is paced.
 * Whatever waits for something to happen uses e2e/wait.ts.
 */

export async function pause(lengthMs: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, lengthMs);
  });
}

/** What `asked` comes to; rejects where that takes longer, and then nobody hears of it any more. */
export async function within<Value>(boundMs: number, asked: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer in ${boundMs} ms`));
    }, boundMs);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}
