package notice

// ownLine is the server's own processing as a line of the record (GDPR Art. 30(1)).
func (b *builder) ownLine() RecordLine {
	own := b.ownProcessing()
	line := RecordLine{
		Activity: b.words.OwnTexts["title"], State: "in force", Subjects: "visitors of the sites", Recipient: "none but who runs the server",
		Transfers: "none", Measures: "identifiers are kept as keyed hashes alone; records of objections and decisions are only ever added to",
	}
	var purposes, data, kept, bases []string
	for _, p := range own.Parts {
		purposes = append(purposes, p.Title+": "+p.Purpose)
		data = append(data, p.Title+": "+p.Data)
		kept = append(kept, p.Title+": "+p.Kept)
		bases = append(bases, p.Title+": "+p.Basis)
	}
	for _, c := range own.Cookies {
		data = append(data, c.Says())
	}
	line.Purposes, line.Data, line.Retention, line.Basis = list(purposes...), list(data...), list(kept...), list(bases...)
	return line
}
