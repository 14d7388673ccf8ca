package basis

// Facts are what a thing of the policy says, by key: a text, or a list of them, byte for byte as they are meant. A key
// inside another is joined to it by a dot ("transfer.country"); one that says nothing is not there. Who fills them in
// sorts what is a set.
type Facts map[string][]string
