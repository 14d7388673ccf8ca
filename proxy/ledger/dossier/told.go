package dossier

import "slices"

// told adds what the configuration says, and says what is missing for a whole answer.
func (g *gathering) told() {
	r, of := g.report, g.names.Told
	r.Responsible, r.Rights, r.Complaint, r.Missing = []Detail{}, []string{}, []string{}, []string{}
	if of == nil {
		r.Missing = append(r.Missing,
			"Who is responsible, which legal persons the recipients are, how long they keep the data, whether "+
				"the data go to another country, and the rights of the person (GDPR Art. 15(1) and (2)): the log does not hold "+
				"it, and no configuration was given. Ask with the server's configuration, or the server.")
		return
	}
	r.Responsible, r.Rights, r.Complaint = append(r.Responsible, of.Responsible...), append(r.Rights, of.Rights...),
		append(r.Complaint, of.Complaint...)
	if of.Contact == "" {
		g.misses("How the controller can be reached: the configuration does not say it (controller, contact).")
	}
	for i := range r.Uses {
		u := &r.Uses[i]
		who, sent := of.Recipients[u.Vendor], of.Activities[u.Activity]
		u.Recipient, u.Service, u.Role, u.KeptThere, u.Transfer = who.Legal, who.Service, who.Role, sent.Kept, sent.Transfer
		if who.Legal == "" {
			g.misses("Which legal person " + u.Vendor + " is: the configuration in force does not say it (vendors, entity).")
		}
		if _, is := of.Activities[u.Activity]; !is {
			g.misses("How long " + u.Vendor + " keeps the data, and whether they go to another country: the activity " +
				u.Activity +
				" is not in the policy in force any more.")
			continue
		}
		if sent.Kept == "" {
			g.misses("How long " + u.Vendor + " keeps the data: the activity " + u.Activity + " does not say it (retention).")
		}
		if sent.Transfer == "" {
			g.misses("Whether the data go to another country with " + u.Vendor + ": nobody says where it sits.")
		}
	}
	for i := range r.Denied {
		r.Denied[i].Legal = of.Recipients[r.Denied[i].Vendor].Legal
	}
}

// misses says once that something is missing.
func (g *gathering) misses(what string) {
	if !slices.Contains(g.report.Missing, what) {
		g.report.Missing = append(g.report.Missing, what)
	}
}

// Who is the recipient, in words: the legal person, and the service where that is called otherwise.
func (u *Use) Who() string { return who(u.Recipient, u.Service, u.Vendor) }

// Who is who did not get the events, in words.
func (d *Denied) Who() string { return who(d.Legal, "", d.Vendor) }

func who(legal, service, vendor string) string {
	switch {
	case legal == "":
		return vendor
	case service == "" || service == legal:
		return legal + " (" + vendor + ")"
	}
	return legal + ", " + service + " (" + vendor + ")"
}
