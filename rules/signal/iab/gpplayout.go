package iab

// The GPP sections that this package knows (GPP, "Section Information").
const (
	sectionEU   = 2 // a TC string
	sectionCA   = 5 // TCF Canada
	sectionUSP  = 6 // a US privacy string
	sectionUS   = 7 // usnat, the first of those with fields of two bits
	sectionMD   = 24
	lastSection = 27 // usri
	// maxSection is the highest id that six bits hold, as a section's own header has for it.
	maxSection = 63
)

// usField is a field of a US section: n values of two bits.
type usField struct {
	name string
	n    int
}

// usLayout is how a US section is laid out after the six bits of its version. No layout has more than 32 values.
type usLayout struct {
	name, version           string
	fields                  []usField
	values                  int // of all fields
	sale, sharing, targeted int // which value it is, or none
	second                  subsection
}

const none = -1

// subsection is what a section may have after a dot.
type subsection uint8

const (
	gpcSubsection       subsection = iota // type 2 (=1), Gpc 1
	sensitiveSubsection                   // SensitiveDataProcessing, 8 values
)

const sensitiveValues = 8

func newLayout(name string, second subsection, fields ...usField) *usLayout {
	l := &usLayout{name: name, version: "Version", fields: fields, sale: none, sharing: none,
		targeted: none, second: second}
	for _, f := range fields {
		switch f.name {
		case "SaleOptOut":
			l.sale = l.values
		case "SharingOptOut":
			l.sharing = l.values
		case "TargetedAdvertisingOptOut":
			l.targeted = l.values
		}
		l.values += f.n
	}
	return l
}

// each makes fields of one value.
func each(names ...string) (fields []usField) {
	for _, name := range names {
		fields = append(fields, usField{name, 1})
	}
	return fields
}

func join(parts ...[]usField) (fields []usField) {
	for _, p := range parts {
		fields = append(fields, p...)
	}
	return fields
}

func sensitive(categories, child int) []usField {
	return []usField{{"SensitiveDataProcessing", categories}, {"KnownChildSensitiveDataConsents", child}}
}

var mspa = each("MspaCoveredTransaction", "MspaOptOutOptionMode", "MspaServiceProviderMode")

func national(categories, child int) *usLayout {
	return newLayout("usnat", gpcSubsection, join(
		each("SharingNotice", "SaleOptOutNotice", "SharingOptOutNotice", "TargetedAdvertisingOptOutNotice",
			"SensitiveDataProcessingOptOutNotice", "SensitiveDataLimitUseNotice", "SaleOptOut", "SharingOptOut",
			"TargetedAdvertisingOptOut"),
		sensitive(categories, child), each("PersonalDataConsents"), mspa)...)
}

func california() *usLayout {
	return newLayout("usca", gpcSubsection, join(
		each("SaleOptOutNotice", "SharingOptOutNotice", "SensitiveDataLimitUseNotice", "SaleOptOut", "SharingOptOut"),
		sensitive(9, 2), each("PersonalDataConsents"), mspa)...)
}

// state is the layout that sections 9 to 23 share, with variants: the first notice, a notice of sensitive data, how
// many categories of sensitive data and of children there are, and whether there is AdditionalDataProcessingConsent.
func state(name, notice, extra string, categories, child int, additional bool) *usLayout {
	fields := each(notice, "SaleOptOutNotice", "TargetedAdvertisingOptOutNotice")
	if extra != "" {
		fields = append(fields, usField{extra, 1})
	}
	fields = join(fields, each("SaleOptOut", "TargetedAdvertisingOptOut"), sensitive(categories, child))
	if additional {
		fields = append(fields, usField{"AdditionalDataProcessingConsent", 1})
	}
	return newLayout(name, gpcSubsection, join(fields, mspa)...)
}

// late is the layout that sections 24 to 27 share; it begins with the version of the MSPA.
func late(name string, second subsection) *usLayout {
	fields := each("MspaCoveredTransaction", "MspaMode", "ProcessingNotice", "SaleOptOutNotice",
		"TargetedAdvertisingOptOutNotice",
		"SaleOptOut", "TargetedAdvertisingOptOut")
	if second == sensitiveSubsection {
		fields = append(fields, usField{"KnownChildSensitiveDataConsents", 1})
	}
	l := newLayout(name, second, append(fields, usField{"AdditionalDataProcessingConsent", 1})...)
	l.version = "MspaVersion"
	return l
}

// nationalV1 is usnat before October 2024; its opt-outs stand where those of version 2 do.
var nationalV1 = national(12, 2)

// usLayouts are the layouts by section id, from usnat on.
var usLayouts = [lastSection - sectionUS + 1]*usLayout{
	national(16, 3),
	california(),
	state("usva", "SharingNotice", "", 8, 1, false),
	state("usco", "SharingNotice", "", 7, 1, false),
	state("usut", "SharingNotice", "SensitiveDataProcessingOptOutNotice", 8, 1, false),
	state("usct", "SharingNotice", "", 8, 3, false),
	state("usfl", "ProcessingNotice", "", 8, 3, true),
	state("usmt", "SharingNotice", "", 8, 3, true),
	state("usor", "ProcessingNotice", "", 11, 3, true),
	state("ustx", "ProcessingNotice", "", 8, 1, true),
	state("usde", "ProcessingNotice", "", 9, 5, true),
	state("usia", "ProcessingNotice", "SensitiveDataOptOutNotice", 8, 1, false),
	state("usne", "ProcessingNotice", "", 8, 1, true),
	state("usnh", "ProcessingNotice", "", 8, 3, true),
	state("usnj", "ProcessingNotice", "", 10, 5, true),
	state("ustn", "ProcessingNotice", "", 8, 1, true),
	state("usmn", "ProcessingNotice", "", 8, 1, true),
	late("usmd", gpcSubsection),
	late("usin", sensitiveSubsection),
	late("usky", sensitiveSubsection),
	late("usri", sensitiveSubsection),
}

// layoutOf finds the layout of a section and version, nil where there is none.
func layoutOf(id, version int) *usLayout {
	switch {
	case id < sectionUS || id > lastSection:
		return nil
	case id == sectionUS && version == 1:
		return nationalV1
	case id == sectionUS && version != 2, id != sectionUS && id < sectionMD && version != 1:
		return nil
	default: // the version of sections 24 to 27 is that of the MSPA
		return usLayouts[id-sectionUS]
	}
}
