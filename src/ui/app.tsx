/** The page's frame: what stands where, and which view is shown. */

import { BannerBar } from './banner-bar.tsx';
import { GuideCard } from './guide/guide-card.tsx';
import { DatabaseView } from './database/database-view.tsx';
import { Header } from './header.tsx';
import { Late } from './late.tsx';
import {
  appsView,
  benchmarkDialog,
  clustersDialog,
  clusterView,
  invitesDialog,
  labView,
  metricsView,
  questionDialog,
  settingsView,
} from './late-parts.ts';
import { closeDialog, openDialog } from './open-dialog.ts';
import { openQuestion, withdrawQuestion } from './shell-host.ts';
import { UpdateBar } from './update-bar.tsx';
import { view, VIEW_TITLES } from './views.ts';

export function App() {
  return (
    <div class="page">
      <Header />
      <UpdateBar />
      <BannerBar />
      {view.value === 'database' && <GuideCard />}
      <main id="view" tabIndex={-1} aria-label={VIEW_TITLES[view.value]}>
        {/* It stays, so that what is typed and what runs does, too. */}
        <div hidden={view.value !== 'database'}>
          <DatabaseView />
        </div>
        <OtherView />
      </main>
      <OpenDialog />
      <OpenQuestion />
    </div>
  );
}

function OtherView() {
  switch (view.value) {
    case 'database':
      return null;
    case 'apps':
      return <Late part={appsView}>{({ AppsView }) => <AppsView />}</Late>;
    case 'cluster':
      return <Late part={clusterView}>{({ ClusterView }) => <ClusterView />}</Late>;
    case 'metrics':
      return <Late part={metricsView}>{({ MetricsView }) => <MetricsView />}</Late>;
    case 'lab':
      return <Late part={labView}>{({ LabView }) => <LabView />}</Late>;
    case 'settings':
      return <Late part={settingsView}>{({ SettingsView }) => <SettingsView />}</Late>;
  }
}

function OpenDialog() {
  switch (openDialog.value) {
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

/** Whatever asks, a command or a button of another view. */
function OpenQuestion() {
  if (openQuestion.value === null) return null;
  return (
    <Late part={questionDialog} onMissing={withdrawQuestion}>
      {({ QuestionDialog }) => <QuestionDialog />}
    </Late>
  );
}
