/** Shapes of events, webhooks and jobs, as the API gives them. */

export interface Webhook {
  id: string;
  url: string;
  description: string;
  types: string[];
  enabled: boolean;
  disabledReason: 'gone' | 'failing' | null;
  failingSince: string | null;
  error: string | null;
  previousSecretUntil: string | null;
  createdAt: string;
  secret?: string;
}

export interface DeliveryAttempt {
  at: string;
  status: number | null;
  milliseconds: number;
  answer: string;
}

export interface WebhookDelivery {
  id: string;
  eventId: string;
  type: string;
  status: 'waiting' | 'delivered' | 'failed';
  nextAt: string | null;
  attempts: DeliveryAttempt[];
  createdAt: string;
}

/** An event as the feed and webhooks give it. */
export interface DomainEvent {
  cursor: string;
  type: string;
  timestamp: string;
  data: { actor: { label: string }; target: { label: string } | null; result: 'success' | 'failure' };
}

export interface Job {
  id: string;
  kind: string;
  status: 'waiting' | 'failed';
  about: string | null;
  attempts: number;
  runAt: string | null;
  failedAt: string | null;
  error: string | null;
}
