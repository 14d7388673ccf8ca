// Package observe says what occurs in recorded hits before there is a policy: which vendors they are for, and which
// fields hold personal data of which kind. Values are counted and shown with their middle hidden. It promises to look
// at what no catalog entry knows as well.
package observe
