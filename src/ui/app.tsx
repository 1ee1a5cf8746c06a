/** The page's frame: what stands where. */

import { BannerBar } from './banner-bar.tsx';
import { ClusterPanel } from './cluster-panel.tsx';
import { Console } from './console.tsx';
import { Header } from './header.tsx';

export function App() {
  return (
    <div class="page">
      <Header />
      <BannerBar />
      <div class="columns">
        <Console />
        <ClusterPanel />
      </div>
    </div>
  );
}
