package config

import (
	"slices"
	"strings"
)

// told looks at whether a notice can say of an activity what the law asks for.
func (c activityCheck) told(a *Activity, at func(...any) []any) {
	var keys []string
	if !a.AutomatedDecision.Said {
		keys = append(keys, "automated_decision: none")
	}
	if !a.Required.Said {
		keys = append(keys, "required: no")
	}
	if len(keys) > 0 {
		c.lacks(ToldAlone, c.activities, at("id"), a.ID,
			"activity %s: visitors are to be told whether a machine decides about them, and whether they have to give the "+
				"data: add %s, or what is so instead (GDPR Art. 13(2)(e) and (f))", a.ID, strings.Join(keys, " and "))
	}
	if c.server == nil || c.profiles == nil || c.loaded.vendors[a.Vendor] == nil {
		return
	}
	c.toldOfDevice(a, at)
}

// toldOfDevice looks at what is said of visitors' devices, and at whether that can be so.
func (c activityCheck) toldOfDevice(a *Activity, at func(...any) []any) {
	passed := deviceUse{c.loaded, a}.fromDevice()
	if a.Device.Said && len(a.Device.Stores) == 0 && len(passed) > 0 {
		c.refuse(c.activities, at("device"), "lawful/device-told",
			"device: none says that nothing is kept on the device or read from it, and profile %s passes %s (%s), which is: "+
				"drop it, derive an id instead, or say what is kept", a.Profile, passed[0].Class, passed[0].does())
		return
	}
	access := c.loaded.Access(a)
	switch {
	case !access.Said && len(passed) > 0:
		c.lacks(ToldAlone, c.activities, at("id"), a.ID,
			"activity %s passes %s, and nothing says where on the device it is kept: add device: [{ name: ..., kind: cookie, "+
				"period: 13 months }] (GDPR Art. 13; C-673/17 Planet49, paras 75 to 81)", a.ID, passed[0].Class)
	case !access.Said:
		c.lacks(ToldAlone, c.activities, at("id"), a.ID,
			"activity %s: nothing says what the script of %s keeps in browsers: add stores: to its vendor file, or device: "+
				"here, none where it keeps and reads nothing (C-673/17 Planet49, paras 75 to 81)", a.ID, a.Vendor)
	case slices.ContainsFunc(access.Reasons, func(r AccessReason) bool { return r.Why == "" }) && len(access.Stores) > 0:
		c.lacks(ToldAlone, c.activities, at("id"), a.ID,
			"activity %s rests on %s, and the script of %s keeps %s in browsers as it comes, with neither consent nor an "+
				"exemption: have it keep nothing there and write device: none, or claim an exemption whose conditions hold",
			a.ID, a.Basis, a.Vendor, names(access.Stores))
	}
}
