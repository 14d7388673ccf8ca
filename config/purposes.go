package config

// Purposes is policy/purposes.yaml.
type Purposes struct {
	Purposes map[string]Purpose `yaml:"purposes" is:"required,keys=id" doc:"The purposes, by id; at most 64."`
}

// Purpose is a specific reason to process.
type Purpose struct {
	Title           Text     `yaml:"title" is:"required" doc:"What visitors are told, in one line; or by language: { en: ..., de: ... }. Specific: \"Measure the audience of our pages\", not \"Marketing\"."`
	Description     Text     `yaml:"description" doc:"What visitors are told in a sentence or two; or by language."`
	Categories      []string `yaml:"categories" doc:"Consent categories: a yes to one of them is a yes to this purpose. The sources of signals map their own names to these. Without any, consent cannot be given."`
	TCF             []int    `yaml:"tcf" is:"min=1,max=11" doc:"IAB TCF purposes."`
	GPC             string   `yaml:"gpc" default:"object" is:"enum=object|ignore" doc:"Whether Global Privacy Control, where a site reads it, counts as an objection to this purpose. Never touches us:."`
	DNT             string   `yaml:"dnt" default:"object" is:"enum=object|ignore" doc:"Whether Do Not Track, where a site reads it, counts as an objection to this purpose."`
	DirectMarketing bool     `yaml:"direct_marketing" default:"false" doc:"It is direct marketing: an objection is then absolute, on any basis (Art. 21(2)-(3))."`
	Sensitive       bool     `yaml:"sensitive" default:"false" doc:"It processes what US state laws call sensitive data (health, origin, belief, precise location ...): most of them ask for consent then, whatever else may go on until somebody opts out."`
	US              []string `yaml:"us" is:"enum=sale|sharing|targeted_advertising" doc:"What it counts as under the laws of US states."`
}

// maxPurposes is what the engine can tell apart.
const maxPurposes = 64
