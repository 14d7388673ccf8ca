package config

import (
	"slices"
)

// Refusal is a rule about what a policy may not say, or should not.
type Refusal struct {
	ID       string
	Sentence string // what holds, and what is right
	Source   string // the article, guideline or document that asks for it
	Advice   bool   // breaking it is worth a warning; a policy that breaks any other does not compile
}

// lawful are the rules, each with the place in the law or in an authority's text that it comes from. A message that a
// rule gives ends with its id and source. faults/lawful_*.txtar and advice/*.txtar have a case for each.
//
// WP203, WP194: opinions of the Article 29 Working Party. EDPB 1/2024: guidelines on Art. 6(1)(f),
// version for public consultation. CNIL, AEPD: guidance of the French and the Spanish authority. "TCF
// policies": IAB Europe, version 4 and later.
var lawful = []Refusal{
	{
		ID: "lawful/purpose-title",
		Sentence: "The title of a purpose says what is done and to which end; commonplaces such as \"marketing\" or " +
			"\"improve experience\" say neither.",
		Source: "GDPR Art. 5(1)(b); WP203 section III.1.1",
	},
	{
		ID:       "lawful/li-assessment",
		Sentence: "An activity on legitimate interest names the assessment that it rests on.",
		Source: "GDPR Art. 5(2) and 6(1)(f); EDPB Guidelines 1/2024 (version for public consultation, 8 October 2024) " +
			"section II",
	},
	{
		ID:       "lawful/li-purpose",
		Sentence: "An activity on legitimate interest serves purposes that its assessment is about.",
		Source:   "GDPR Art. 5(1)(b) and 6(1)(f)",
	},
	{
		ID:       "lawful/li-recipient",
		Sentence: "The vendor of an activity on legitimate interest is a recipient in its assessment.",
		Source:   "GDPR Art. 6(1)(f) and 13(1)(e)",
	},
	{
		ID: "lawful/li-data",
		Sentence: "The profile of an activity on legitimate interest does to each class what its assessment lists, or " +
			"drops it; a class that is not listed is dropped.",
		Source: "GDPR Art. 5(1)(c) and 6(1)(f); EDPB Guidelines 1/2024 (version for public consultation, 8 October 2024) " +
			"section II.B",
	},
	{
		ID: "lawful/li-condition",
		Sentence: "The condition of an activity on legitimate interest reads the event's name, and fields that its " +
			"assessment lists; to tell visitors apart by any other is to process it.",
		Source: "GDPR Art. 4(2), 5(1)(c) and 6(1)(f)",
	},
	{
		ID: "lawful/li-identity",
		Sentence: "No raw email, phone, person_name or precise_geo travels on legitimate interest: hash, pseudonymise, cut " +
			"or drop it.",
		Source: "GDPR Art. 5(1)(c), 6(1)(f) and 25",
	},
	{
		ID:       "lawful/li-recording",
		Sentence: "Recordings of what a visitor did on the screen travel on consent alone.",
		Source:   "GDPR Art. 6(1)(f), recital 47: what people do not reasonably expect",
	},
	{
		ID:       "lawful/li-dpia",
		Sentence: "An assessment that reaches children names its data protection impact assessment.",
		Source:   "GDPR Art. 6(1)(f), 35 and recital 38; WP248 rev.01 section III.B",
	},
	{
		ID: "lawful/li-special-categories",
		Sentence: "Special categories of data have no legitimate interest: an assessment that touches them, or may, " +
			"carries nothing.",
		Source: "GDPR Art. 9(1) and 9(2)",
	},
	{
		ID:       "lawful/li-marketing-grounds",
		Sentence: "Nothing outweighs an objection to direct marketing: its assessment names no compelling grounds.",
		Source:   "GDPR Art. 21(2) and (3)",
	},
	{
		ID:       "lawful/tcf-consent",
		Sentence: "TCF purposes 1, 3, 4, 5 and 6 rest on consent, never on legitimate interest.",
		Source:   "TCF policies, Appendix A",
	},
	{
		ID: "lawful/device-access",
		Sentence: "What is stored on or read from the visitor's device, ids made of address and browser included, needs " +
			"consent, unless a named exemption holds.",
		Source: "ePrivacy Directive Art. 5(3); EDPB Guidelines 2/2023 sections 2 and 3",
	},
	{
		ID:       "lawful/device-told",
		Sentence: "Who passes ids of a browser or a device says what is kept there; device: none is for who passes none.",
		Source:   "GDPR Art. 5(1)(a) and 13; C-673/17 (Planet49) paras 75 to 81",
	},
	{
		ID: "lawful/audience-measurement",
		Sentence: "Where the law or the authority of a country says so (FR, ES, IT, NL; rules/regions.yaml), measuring an " +
			"audience is exempt from consent for one's own use alone: TCF purpose 8 and no other, no id across sites or " +
			"longer than 13 months, no data longer than 25, addresses cut, nothing that names a person or a click.",
		Source: "French Data Protection Act Art. 82; CNIL, deliberation 2020-091 of 17 September 2020 Art. 5 and note of 4 " +
			"July 2025; AEPD guide of January 2024; WP194 section 4.3",
	},
	{
		ID: "lawful/strictly-necessary",
		Sentence: "Strictly necessary is what the service that a visitor asked for cannot do without: named events, and " +
			"neither advertising nor measuring.",
		Source: "ePrivacy Directive Art. 5(3); WP194 sections 2 and 3",
	},
	{
		ID: "lawful/fraud-prevention",
		Sentence: "Fraud prevention is exempt from consent where it protects an account that the visitor logged in to: " +
			"named events, no advertising, no id across sites.",
		Source: "ePrivacy Directive Art. 5(3); WP194 section 3.3; in the UK PECR Sch. A1",
	},
	{
		ID: "lawful/statistics",
		Sentence: "Statistics until objection (UK) are about the use of one's own service and nothing else (TCF purposes 8 " +
			"and 10), made by oneself or who works for one alone, without a raw user id, a full address or a full user agent, " +
			"described to people, and stop when they object.",
		Source: "PECR reg. 6 and Sch. A1 (Data (Use and Access) Act 2025 s. 112); ICO, guidance on storage and access, 29 " +
			"April 2026",
	},
	{
		ID: "lawful/appearance",
		Sentence: "That a service looks and works as its visitor prefers is exempt from consent in the UK: named events of " +
			"a service of one's own, no advertising, no id across sites, described to people, and it stops when they object.",
		Source: "PECR reg. 6 and Sch. A1 (Data (Use and Access) Act 2025 s. 112); ICO, guidance on storage and access, 29 " +
			"April 2026",
	},
	{
		ID: "lawful/email-opens",
		Sentence: "Who opened an e-mail is measured with consent, in France: the rate of all, and what security needs, are " +
			"exempt.",
		Source: "French Data Protection Act Art. 82; CNIL, deliberation 2026-042 of 12 March 2026",
	},
	{
		ID: "lawful/overriding-interest",
		Sentence: "An overriding interest (Switzerland) is for one's own use, without advertising, high risk, precise " +
			"location or an id across sites, and ends when somebody objects.",
		Source: "Swiss Telecommunications Act Art. 45c; FDPIC, guide on cookies v1.1 of 6 October 2025",
	},
	{
		ID:       "lawful/click-id",
		Sentence: "Click ids name one click of one person: they travel on consent alone.",
		Source:   "ePrivacy Directive Art. 5(3); CNIL, audience measurement proxies (2022)",
	},
	{
		ID: "lawful/sensitive",
		Sentence: "What reveals health, belief, origin, opinion, sex life, union membership, genes or biometry (class " +
			"sensitive) travels on explicit consent alone: basis: consent, explicit: true.",
		Source: "GDPR Art. 9(1) and 9(2)(a)",
	},
	{
		ID: "lawful/sensitive-opt-in",
		Sentence: "A sensitive purpose rests on consent in the US states whose law asks for it (rules/regions.yaml), " +
			"neither on opt_out nor on an interest or a task.",
		Source: "state laws such as CPA (US-CO), CTDPA (US-CT), VCDPA (US-VA), TDPSA (US-TX); rules/regions.yaml",
	},
	{
		ID:       "lawful/opt-out-region",
		Sentence: "opt_out is a basis in opt-out regions only: everywhere else one of Art. 6(1) is needed.",
		Source:   "GDPR Art. 6(1); rules/regions.yaml",
	},
	{
		ID: "lawful/after-refusal",
		Sentence: "A recorded no ends consent, direct marketing, and what counts as a sale or as targeted advertising " +
			"under US law: none of them goes on after it.",
		Source: "GDPR Art. 7(3) and 21(3); Cal. Civ. Code § 1798.120",
	},
	{
		ID: "lawful/required-field",
		Sentence: "A profile leaves, or puts something in the place of, each field that the vendor cannot do without: else " +
			"data leave for nothing.",
		Source: "GDPR Art. 5(1)(c); the vendor's catalog entry",
	},
	{
		ID: "lawful/refusal-ignored",
		Sentence: "Whoever refused a category in the banner does not expect that the same goes on without consent: " +
			"after_refusal is for what the visitor cannot have meant.",
		Source: "GDPR Art. 5(1)(a) and 6(1)(f), recital 47",
		Advice: true,
	},
	{
		ID:       "lawful/impact",
		Sentence: "An assessment with a high impact names its data protection impact assessment.",
		Source:   "GDPR Art. 35(1)",
		Advice:   true,
	},
	{
		ID:       "lawful/retention",
		Sentence: "Each activity says how long the recipient keeps the data; that the recipient decides is no period.",
		Source:   "GDPR Art. 5(1)(e), 13(2)(a) and 30(1)(f); WP260 rev.01",
	},
	{
		ID:       "lawful/controller",
		Sentence: "Who serves visitors beyond the machine itself says who is responsible, and how to reach them.",
		Source:   "GDPR Art. 13(1)(a) and 30(1)(a)",
	},
	{
		ID:       "lawful/languages",
		Sentence: "What visitors of a site are told is there in each language that the site's pages are to be had in.",
		Source:   "GDPR Art. 12(1); WP260 rev.01",
	},
	{
		ID: "lawful/transfer",
		Sentence: "An activity whose recipient sits outside the EEA says by transfer: what makes the transfer lawful, " +
			"whatever its basis.",
		Source: "GDPR Art. 13(1)(f) and 44 to 49",
	},
	{
		ID: "lawful/swiss-choice",
		Sentence: "Switzerland asks for consent as the EEA does, unless the policy chooses regions: { CH: " +
			"overriding_interest }, and answers for it.",
		Source: "Swiss Telecommunications Act Art. 45c; FDPIC, guide on cookies v1.1 of 6 October 2025",
		Advice: true,
	},
	{
		ID: "lawful/google-address",
		Sentence: "Whole addresses of visitors go to Google for purposes that ask for TCF purpose 3 or 4 alone, in the " +
			"EEA, the UK and Switzerland.",
		Source: "GDPR Art. 5(1)(b) and (c); Google, EU user consent policy, as of 3 August 2026",
		Advice: true,
	},
	{
		ID:       "lawful/reference",
		Sentence: "contract, legal_obligation, vital_interests and public_task name the contract or law that they rest on.",
		Source:   "GDPR Art. 6(1)(b) to (e) and 6(3)",
		Advice:   true,
	},
}

// Refusals lists the rules about what a policy may not say, or should not.
func Refusals() []Refusal { return slices.Clone(lawful) }
