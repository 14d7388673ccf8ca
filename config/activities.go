package config

import (
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Activities is policy/activities.yaml. For one vendor the activities form a ladder: top to bottom, the
// first that is permitted carries the event.
type Activities struct {
	Regions    map[string]string `yaml:"regions" is:"keys=regime_choice,enum=overriding_interest" doc:"A regime in place of the one that rules/regions.yaml has, where the law leaves the choice: CH: overriding_interest (FDPIC guide on cookies v1.1 of 6 October 2025). check warns of it."`
	Activities []Activity        `yaml:"activities" is:"required" doc:"The activities, in the order in which they are judged."`
}

// Activity is vendor, purposes, one basis, events and a profile: one line of the record of processing (Art. 30).
type Activity struct {
	ID            string       `yaml:"id" is:"required,id" doc:"The activity's name in records."`
	Vendor        string       `yaml:"vendor" is:"required" doc:"Id of the recipient in the server file."`
	Purposes      []string     `yaml:"purposes" is:"required" doc:"Ids of the purposes. Consent has to be given to each; an objection to one denies."`
	Basis         string       `yaml:"basis" is:"required,one=basis" doc:"The lawful basis; opt_out is the rule of opt-out regions."`
	Explicit      bool         `yaml:"explicit" default:"false" doc:"The consent is explicit: the banner asked for exactly this (GDPR Art. 9(2)(a)). With basis consent alone, and only then may the profile pass the class sensitive."`
	Assessment    string       `yaml:"assessment" doc:"Id of the legitimate interest assessment: obligatory for legitimate_interest, and for nothing else."`
	Exemption     string       `yaml:"exemption" is:"enum=audience_measurement|strictly_necessary|fraud_prevention|appearance" doc:"Why no consent is needed for access to the device, where a region asks for that."`
	Attested      []Attested   `yaml:"attested" doc:"What the vendor's settings and contract are, as far as the exemption of audience measurement asks for it and no policy can show it, by who looked it up: [{ lines: [contract, no_reuse], by: Jane Doe, on: 2026-11-20 }]. tagwarden report cnil asks for it; it permits nothing."`
	Reference     string       `yaml:"reference" doc:"The contract or law that it rests on: without it contract, legal_obligation, vital_interests and public_task deny with no_legal_reference."`
	ConsentMaxAge basis.Period `yaml:"consent_max_age" doc:"How old a consent may be where its source gives the date: 13 months. Default: any age."`
	Transfer      *Transfer    `yaml:"transfer" doc:"The transfer to a third country, for the record of processing."`
	Retention     basis.Period `yaml:"retention" doc:"How long the recipient keeps the data, 14 months, for the notice and the record of processing. On an assessment the assessment's holds."`
	Device        Device       `yaml:"device" doc:"What is kept on visitors' devices or read there: none, or a list, each { name, kind: cookie|local_storage|session_storage|indexed_db|read, period, readers }; of the name of one in the catalog's stores: in its place (kind: none takes it out), else beside them. Default: what the catalog says of the vendor's script; nothing, with source: server."`
	Required      Duty         `yaml:"required" doc:"Whether visitors have to give the data, for the notice: no, or { otherwise: what follows where they do not }. No notice is written without it (GDPR Art. 13(2)(e))."`

	AutomatedDecision AutomatedDecision `yaml:"automated_decision" doc:"Whether a machine decides about the visitor, for the notice: none, or { logic, effect, human }. No notice is written without it (GDPR Art. 13(2)(f), 22)."`

	Profile      string   `yaml:"profile" is:"required" doc:"Id of the profile that says what happens to each field."`
	Events       []string `yaml:"events" is:"required" doc:"Names of the events that it is about, or \"*\" for all; a trailing * stands for any end: checkout_*."`
	ExceptEvents []string `yaml:"except_events" doc:"Of these events those that it is not about: names, or beginnings with a trailing *."`
	Regions      []string `yaml:"regions" doc:"ISO codes (DE, GB, US-CA) and groups (EU, EEA, UK, CH, US) that it is for. Default: all."`
	Source       string   `yaml:"source" is:"enum=server" doc:"server: it is for hits alone that one of the vendor's senders sends. What the site's server made is not read from a device, ids out of a browser's storage still are."`
	Sites        []string `yaml:"sites" doc:"Ids of the sites that it is for. Default: all."`
	AfterRefusal *Refused `yaml:"after_refusal" doc:"Why it goes on after a visitor refused a category of its purposes: { because: ... }. For this activity alone; never for consent, direct marketing or a purpose with us. check warns of it, and the notice says it."`
	When         string   `yaml:"when" doc:"Condition in CEL over event.name and event.params[\"...\"]; what is absent reads as \"\". An error denies the event."`
}

// Refused is why an activity goes on though a visitor refused a category of its purposes.
type Refused struct {
	Because Text `yaml:"because" is:"required" doc:"The reason, as visitors read it in the notice; or by language: { en: ..., de: ... }."`
}

// Transfer is a transfer to a third country (Chapter V).
type Transfer struct {
	Country   string           `yaml:"country" is:"required,one=country" doc:"ISO 3166-1 code of the country."`
	Safeguard catalog.Regional `yaml:"safeguard" is:"required,text,keys=reader" doc:"What makes it lawful: DPF, UK Extension, Swiss-US DPF, adequacy, SCC, IDTA, UK Addendum, BCR ...; by where the visitor is, where that differs: { EEA: DPF, UK: UK Extension, CH: Swiss-US DPF }."`
}
