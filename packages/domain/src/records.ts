import type { Artifact } from './artifact/artifact.ts';
import type { Change } from './change/change.ts';
import type { DesiredState, EnvironmentDeployment, Release, Verification } from './environment/environment.ts';
import type { ManifestCommit } from './manifest/manifest-commit.ts';
import type {
  NotificationChannel,
  NotificationDelivery,
  ToldNotification,
  Trouble,
} from './notification/notification.ts';
import type {
  AccessToken,
  Account,
  InboxItem,
  LineComment,
  OperatorKey,
  PullRequest,
  Push,
  RefHead,
  Repository,
  Review,
} from './people/people.ts';
import type { PipelineRun, StageRun } from './pipeline/pipeline.ts';
import type { Hold } from './hold/hold.ts';
import type { ReleaseTicket } from './release/release-ticket.ts';
import type { Freeze } from './window/promotion-window.ts';
import type { Promotion } from './promotion/promotion.ts';

/** What the store keeps, by noun. */
export interface Records {
  readonly account: Account;
  readonly token: AccessToken;
  readonly operatorKey: OperatorKey;
  readonly repository: Repository;
  readonly push: Push;
  readonly refHead: RefHead;
  readonly pullRequest: PullRequest;
  readonly review: Review;
  readonly lineComment: LineComment;
  readonly change: Change;
  readonly pipelineRun: PipelineRun;
  readonly stageRun: StageRun;
  readonly artifact: Artifact;
  readonly manifestCommit: ManifestCommit;
  readonly release: Release;
  readonly desiredState: DesiredState;
  readonly deployment: EnvironmentDeployment;
  readonly verification: Verification;
  readonly promotion: Promotion;
  readonly hold: Hold;
  readonly freeze: Freeze;
  readonly releaseTicket: ReleaseTicket;
  readonly inboxItem: InboxItem;
  readonly notification: ToldNotification;
  readonly notificationChannel: NotificationChannel;
  readonly notificationDelivery: NotificationDelivery;
  readonly trouble: Trouble;
}
export type RecordNoun = keyof Records;
