/** What is around the list. */

import type { ReactNode } from 'react';
import type { ClusterWords } from './cluster.ts';

interface PageProps {
  readonly badge: string;
  readonly tone?: ClusterWords['tone'];
  readonly notice?: string;
  readonly children?: ReactNode;
}

export function Page({ badge, tone, notice = '', children }: PageProps) {
  return (
    <main>
      <header>
        <h1>To-dos</h1>
        <p className="badge" data-tone={tone}>
          {badge}
        </p>
      </header>
      <p className="notice" role="status">
        {notice}
      </p>
      {children}
    </main>
  );
}
