import type { ReactNode } from 'react';

/** Line icons, 20 px; for the eye alone, so hidden from screen readers. */
function icon(paths: ReactNode) {
  return function Icon({ size = 18 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.75}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {paths}
      </svg>
    );
  };
}

export const HomeIcon = icon(<path d="M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z" />);
export const UsersIcon = icon(
  <>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.5a6.5 6.5 0 0 1 3.5 5.5" />
  </>,
);
export const GroupIcon = icon(
  <>
    <rect x="3" y="3" width="8" height="8" rx="1.5" />
    <rect x="13" y="3" width="8" height="8" rx="1.5" />
    <rect x="3" y="13" width="8" height="8" rx="1.5" />
    <rect x="13" y="13" width="8" height="8" rx="1.5" />
  </>,
);
export const RoleIcon = icon(<path d="M12 3 5 6v5c0 4.6 3 8.3 7 10 4-1.7 7-5.4 7-10V6z M9 12l2 2 4-4" />);
export const LockIcon = icon(
  <>
    <rect x="5" y="11" width="14" height="9" rx="2" />
    <path d="M8 11V8a4 4 0 0 1 8 0v3" />
  </>,
);
export const RequestIcon = icon(
  <>
    <path d="M4 13v5a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-5M4 13l3-8h10l3 8h-5l-1.5 2.5h-3L9 13z" />
  </>,
);
export const AppIcon = icon(
  <>
    <rect x="3" y="4" width="18" height="16" rx="2" />
    <path d="M3 9h18M7 6.5h.01M10 6.5h.01" />
  </>,
);
export const SsoIcon = icon(
  <>
    <circle cx="8" cy="14" r="4" />
    <path d="m11 11 8-8M16 6l2.5 2.5" />
  </>,
);
export const DirectoryIcon = icon(<path d="M4 7h16M4 12h16M4 17h10M17 15l3 2-3 2" />);
export const EventIcon = icon(<path d="M13 3 5 14h6l-1 7 8-11h-6z" />);
export const AttributeIcon = icon(<path d="M4 12V4h8l8 8-8 8zM8 8h.01" />);
export const HealthIcon = icon(<path d="M3 12h4l3-7 4 14 3-7h4" />);
export const JobIcon = icon(<path d="M4 6h10M4 12h10M4 18h6M17 9l4 3-4 3z" />);
export const BrandIcon = icon(
  <path d="M12 3a9 9 0 1 0 0 18c1.5 0 2-1 1.5-2-.6-1.4.2-3 2-3H18a3 3 0 0 0 3-3c0-5.500-4-10-9-10zM7.500 12h.01M10 8h.01M15 8h.01" />,
);
export const AuditIcon = icon(
  <>
    <path d="M7 3h7l5 5v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z" />
    <path d="M9 12h6M9 16h6M14 3v5h5" />
  </>,
);
export const LinkIcon = icon(
  <path d="M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1" />,
);
export const KeyIcon = icon(<path d="M15 7a4 4 0 1 1-3.5 6L4 20.5V17l7.5-6A4 4 0 0 1 15 7z" />);
export const SettingsIcon = icon(
  <>
    <circle cx="12" cy="12" r="3" />
    <path d="M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M18.4 5.6l-2.1 2.1M7.7 16.3l-2.1 2.1" />
  </>,
);
export const TenantIcon = icon(
  <path d="M4 21V5l8-2v18M12 9h8v12M4 21h16M7 8h2M7 12h2M7 16h2M15 13h2M15 17h2" />,
);
export const MoreIcon = icon(<path d="M6 12h.01M12 12h.01M18 12h.01" strokeWidth={3} />);
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 4.5 4.5" />
  </>,
);
export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="11" height="11" rx="2" />
    <path d="M5 15H4V5a1 1 0 0 1 1-1h10v1" />
  </>,
);
