import posthog from 'posthog-js';

window.posthog = posthog;
window.sdk = {
  started() { posthog.set_config({ opt_out_useragent_filter: true }); }, // else it says nothing where a browser is driven
  page: () => posthog.capture('$pageview'),
  track: (name, properties) => posthog.capture(name, properties),
  identify: p => posthog.identify(p.id, { email: p.email, name: `${p.first} ${p.last}`, phone: p.phone }),
};
