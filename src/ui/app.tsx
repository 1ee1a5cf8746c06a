/** The page's frame: what stands where. */

import { BannerBar } from './banner-bar.tsx';
import { ClusterPanel } from './cluster-panel.tsx';
import { Console } from './console.tsx';
import { Header } from './header.tsx';
import { Late } from './late.tsx';
import { benchmarkDialog, clustersDialog, invitesDialog, settingsDialog } from './late-parts.ts';
import { closeDialog, openDialog } from './open-dialog.ts';
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
      return (
        <Late part={settingsDialog} onMissing={closeDialog}>
          {({ SettingsDialog }) => <SettingsDialog />}
        </Late>
      );
    case 'invites':
      return (
        <Late part={invitesDialog} onMissing={closeDialog}>
          {({ InvitesDialog }) => <InvitesDialog />}
        </Late>
      );
    case 'clusters':
      return (
        <Late part={clustersDialog} onMissing={closeDialog}>
          {({ ClustersDialog }) => <ClustersDialog />}
        </Late>
      );
    case 'benchmark':
      return (
        <Late part={benchmarkDialog} onMissing={closeDialog}>
          {({ BenchmarkDialog }) => <BenchmarkDialog />}
        </Late>
      );
    case null:
      return null;
  }
}
