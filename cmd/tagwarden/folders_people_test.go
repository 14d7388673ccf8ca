package main

import "github.com/tagwarden/tagwarden/proxy/ledger"

// recordKinds are all that a ledger can hold.
var recordKinds = []string{
	ledger.KindStart, ledger.KindSegment, ledger.KindStop, ledger.KindReload, ledger.KindKey, ledger.KindShape,
	ledger.KindRungs, ledger.KindEvent, ledger.KindOutcome,
	ledger.KindRefused, ledger.KindObjection, ledger.KindKeptOptOut, ledger.KindWithdrawal, ledger.KindComplaint,
	ledger.KindHead, ledger.KindApproval,
	ledger.KindRevocation, ledger.KindDue,
}

// everybody is one person for each identifier that there is: of each class, as each vendor's SDK makes it.
var everybody = []string{
	"user_id=customer-4711", "user_id=jane.doe@example.org", "external_id=crm-77", "email=Jane.Doe@Example.com",
	"email=jörg@bücher.example",
	"phone=+49 30 901820", "phone=(+44) 20 7946 0018",
	"email_sha256=" + "dcbef8d87e6c1b2ec3d4f8ffd5e09e4d4e6f2dbf1c9dbb0c6a42e2c4d5a2fb3e",
	"email_md5=0bc83cb571cd1c50ba6f3e8a78ef1346",
	"phone_sha256=" + "aabbf8d87e6c1b2ec3d4f8ffd5e09e4d4e6f2dbf1c9dbb0c6a42e2c4d5a2fb3e",
	"client_id=4444444444.1700000001", "device_id=0191e7c5-0000-7000-8000-0000000000aa",
	"advertising_id=0191e7c5-0000-4000-8000-0000000000ab",
	"client_id:ga4=1000000001.1700000000", "device_id:ga4=fid-AbCdEfGhIjKlMnOpQrStUv",
	"client_id:ga4_mp=1000000002.1700000000", "device_id:ga4_mp=0123456789abcdef0123456789abcdef",
	"client_id:matomo=0123456789abcdef", "client_id:meta_pixel=fb.1.1700000000000.1234567890",
	"client_id:meta_capi=fb.1.1700000000000.1234567891",
	"advertising_id:meta_capi=0191e7c5-0000-4000-8000-000000000001",
	"device_id:meta_capi=0191e7c5-0000-4000-8000-000000000002",
	"client_id:mixpanel=$device:18f0a1b2c3d4e5-0a1b2c3d4e5f60-19525637-1fa400-18f0a1b2c3d4e6",
	"device_id:mixpanel=18f0a1b2c3d4e5-0a1b2c3d4e5f61-19525637-1fa400-18f0a1b2c3d4e6",
	"client_id:posthog=0191e7c5-0000-7000-8000-000000000003", "device_id:posthog=0191e7c5-0000-7000-8000-000000000004",
	"client_id:segment=0191e7c5-0000-4000-8000-000000000005", "device_id:segment=0191e7c5-0000-4000-8000-000000000006",
	"advertising_id:segment=0191e7c5-0000-4000-8000-000000000007",
	"client_id:snowplow=0191e7c5-0000-4000-8000-000000000008",
	"advertising_id:snowplow=0191e7c5-0000-4000-8000-000000000009",
	"device_id:amplitude=0191e7c5-0000-4000-8000-00000000000a",
	"advertising_id:amplitude=0191e7c5-0000-4000-8000-00000000000b",
}

// everything is what can be objected to, as the API's body and as it then stands.
var everything = []struct {
	body    string
	inForce []string
}{
	{`"purposes":["measure"]`, []string{"measure"}},
	{`"vendors":["ga4"]`, []string{"vendor:ga4"}},
	{`"all":true`, []string{"all"}},
	{`"purposes":["measure"],"restriction":true`, []string{"restriction:measure"}},
	{`"purposes":["offers","measure"],"vendors":["matomo"],"complaint":true`,
		[]string{"measure", "offers", "vendor:matomo"}},
	{`"purposes":["offers"]`, []string{"offers"}},
	{`"all":true,"restriction":true`, []string{"restriction:all"}},
}
