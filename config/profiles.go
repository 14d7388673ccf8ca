package config

// Profiles is policy/profiles.yaml. What no line of a profile names is dropped; there is no way to turn that round.
type Profiles struct {
	Profiles map[string]Profile `yaml:"profiles" is:"required,keys=id" doc:"The profiles, by id."`
}

// Profile says what happens to each field.
type Profile struct {
	Classes map[string]Minimise            `yaml:"classes" is:"keys=class" doc:"By class: says it once for every vendor."`
	Fields  map[string]map[string]Minimise `yaml:"fields" doc:"By vendor id and the vendor's own name of the field, where a class is too coarse."`
	Set     map[string]map[string]string   `yaml:"set" doc:"By vendor id: fields that get a constant value, such as restriction flags the vendor understands."`
}
