/** The page's frame: what stands where. */

import { BannerBar } from './banner-bar.tsx';
import { ClusterPanel } from './cluster-panel.tsx';
import { Console } from './console.tsx';
import { ClustersDialog } from './clusters-dialog.tsx';
import { Header } from './header.tsx';
import { InvitesDialog } from './invites-dialog.tsx';
import { openDialog } from './open-dialog.ts';
import { SettingsDialog } from './settings-dialog.tsx';
import { UpdateBar } from './update-bar.tsx';

export function App() {
  return (
    <div class="page">
      <Header />
      <UpdateBar />
      <BannerBar />
      <div class="columns">
        <Console />
        <ClusterPanel />
      </div>
      <OpenDialog />
    </div>
  );
}

function OpenDialog() {
  switch (openDialog.value) {
    case 'settings':
      return <SettingsDialog />;
    case 'invites':
      return <InvitesDialog />;
    case 'clusters':
      return <ClustersDialog />;
    case null:
      return null;
  }
}
