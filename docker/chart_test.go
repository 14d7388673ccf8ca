// Package docker_test holds what is deployed against the libraries of those who will read it: the chart is rendered by
// Helm's engine, and what comes out is decoded, strictly, into Kubernetes' own types.
package docker_test

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/strvals"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/tagwarden/tagwarden/config"
)

var update = flag.Bool("update", false, "write the golden file anew")

// render renders the chart, and returns its files by name, and what they hold by kind and name.
func render(t *testing.T, values map[string]any) (files map[string]string,
	objects map[string]runtime.Object, err error) {
	t.Helper()
	chart, err := loader.Load("helm/tagwarden")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(chart.Values); n > 10 {
		t.Errorf("the chart has %d values: ten are what somebody reads", n)
	}
	release := common.ReleaseOptions{Name: "eu1", Namespace: "shop", Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, values, release, common.DefaultCapabilities)
	if err != nil {
		return nil, nil, err
	}
	if files, err = (engine.Engine{Strict: true}).RenderWithContext(t.Context(), chart, all); err != nil {
		return nil, nil, err
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	objects = map[string]runtime.Object{}
	for name, text := range files {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for part := range strings.SplitSeq(text, "\n---\n") {
			object, kind, err := decoder.Decode([]byte(part), nil, nil)
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, part)
				continue
			}
			objects[kind.Kind+" "+nameOf(object)] = object
		}
	}
	return files, objects, nil
}

func nameOf(object runtime.Object) string {
	if named, is := object.(interface{ GetName() string }); is {
		return named.GetName()
	}
	return ""
}

// given are values as the documented command makes them of a folder of init's.
func given(t *testing.T, folder string) map[string]any {
	t.Helper()
	values := map[string]any{}
	set := func(key, file string) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read := func([]rune) (any, error) { return string(text), nil }
		if err := strvals.ParseIntoFile(key+"="+file, values, read); err != nil {
			t.Fatal(err)
		}
	}
	set("server", filepath.Join(folder, "tagwarden.yaml"))
	root := filepath.Join(folder, "policy")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == ".schema" {
				return filepath.SkipDir
			}
			return err
		}
		below, err := filepath.Rel(root, name)
		set("policy."+strings.ReplaceAll(filepath.ToSlash(below), ".", `\.`), name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// TestChart: pods get a server file and a policy that this program reads, as Kubernetes lays them out,
// and may do nothing that they need not.
func TestChart(t *testing.T) {
	folder := t.TempDir()
	if _, err := config.Init(folder, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	values := given(t, folder)
	values["cluster"] = map[string]any{"name": "eu1", "nats": []any{"tls://nats.nats.svc:4222"},
		"monitor": []any{"http://nats-0.nats-headless.nats.svc:8222"},
		"ca":      "/etc/nats/ca.pem", "stale": map[string]any{"after": "15s"}}
	values["creds"] = "nats-creds"
	_, objects, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	set := objects["StatefulSet eu1"].(*appsv1.StatefulSet)
	pod := set.Spec.Template.Spec
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		s := c.SecurityContext
		if s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || len(s.Capabilities.Drop) != 1 ||
			s.Capabilities.Drop[0] != "ALL" {
			t.Errorf("%s may do more than it needs: %+v", c.Name, s)
		}
		for _, m := range c.VolumeMounts {
			if m.Name != "data" && !m.ReadOnly {
				t.Errorf("%s may write to %s", c.Name, m.MountPath)
			}
		}
	}
	if p := pod.SecurityContext; !*p.RunAsNonRoot || *p.FSGroupChangePolicy != corev1.FSGroupChangeOnRootMismatch ||
		p.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%+v", p)
	}
	serves := pod.Containers[0]
	if serves.ReadinessProbe.HTTPGet.Path != "/.tagwarden/health" || serves.LivenessProbe.HTTPGet.Path != "/healthz" ||
		serves.Resources.Limits.Memory().IsZero() {
		t.Errorf("%+v", serves)
	}
	if n := objects["PodDisruptionBudget eu1"].(*policyv1.PodDisruptionBudget).Spec.MaxUnavailable; n.IntValue() != 1 {
		t.Errorf("%v may be away at once", n)
	}
	for _, name := range []string{"eu1", "eu1-nodes"} {
		service := objects["Service "+name].(*corev1.Service)
		for k, v := range service.Spec.Selector {
			if set.Spec.Template.Labels[k] != v {
				t.Errorf("%s selects no pod by %s", name, k)
			}
		}
		for _, port := range service.Spec.Ports {
			if !slices.ContainsFunc(serves.Ports, func(p corev1.ContainerPort) bool {
				return p.Name == port.TargetPort.StrVal
			}) {
				t.Errorf("%s leads to no port: %v", name, port)
			}
		}
	}

	text := objects["ConfigMap eu1"].(*corev1.ConfigMap).Data["tagwarden.yaml"]
	for _, want := range []string{"listen: 0.0.0.0:8080\n", "listen: 0.0.0.0:8081\n", "data: /data/node\n",
		"creds: /etc/nats/nats.creds\n", "after: 15s\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "root.key") {
		t.Error("pods are told of a root secret")
	}
	mounted := mount(t, objects["ConfigMap eu1"].(*corev1.ConfigMap), pod.Volumes)
	loaded, err := config.Load(filepath.Join(mounted, "tagwarden.yaml"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	before, err := config.Load(filepath.Join(folder, "tagwarden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := len(loaded.Activities), len(before.Activities); a != b || a == 0 || len(loaded.Policy.Recipients()) != len(
		before.Policy.Recipients()) {
		t.Errorf("%d activities, want %d", a, b)
	}
	if loaded.Server.Cluster.Creds != "/etc/nats/nats.creds" || loaded.Server.Listen != "0.0.0.0:8080" {
		t.Errorf("%+v", loaded.Server.Cluster)
	}
}

// mount lays a ConfigMap out as Kubernetes does: files in a folder of the time, links to it by
// ..data, and a link for each name at the top.
func mount(t *testing.T, of *corev1.ConfigMap, volumes []corev1.Volume) string {
	t.Helper()
	dir := t.TempDir()
	at := slices.IndexFunc(volumes, func(v corev1.Volume) bool {
		return v.ConfigMap != nil && v.ConfigMap.Name == of.Name
	})
	if at < 0 {
		t.Fatal("no volume is of the ConfigMap")
	}
	top := map[string]bool{}
	for _, item := range volumes[at].ConfigMap.Items {
		text, there := of.Data[item.Key]
		if !there {
			t.Errorf("there is no %s", item.Key)
		}
		file := filepath.Join(dir, "..2026_11_29", filepath.FromSlash(item.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(item.Path, "/")
		top[first] = true
	}
	if len(volumes[at].ConfigMap.Items) != len(of.Data) {
		t.Errorf("%d of %d files are mounted", len(volumes[at].ConfigMap.Items), len(of.Data))
	}
	if err := os.Symlink("..2026_11_29", filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	for name := range top {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestChartGolden shows what the chart makes of little. go test ./docker -args -update writes it anew.
func TestChartGolden(t *testing.T) {
	files, objects, err := render(t, map[string]any{"server": "version: 1\nlisten: 127.0.0.1:8080\n",
		"policy": map[string]any{"activities.yaml": "activities: []\n",
			"assessments/one.yaml": "id: one\n"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 5 {
		t.Errorf("%d objects", len(objects))
	}
	var got strings.Builder
	for _, name := range []string{"configmap", "service", "statefulset", "poddisruptionbudget"} {
		got.WriteString("# " + name + "\n" + strings.TrimSpace(files["tagwarden/templates/"+name+".yaml"]) + "\n")
	}
	const golden = "testdata/chart.golden.yaml"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the chart makes\n%s", got.String())
	}
}

// TestChartRefuses: what is missing is said before anything is installed.
func TestChartRefuses(t *testing.T) {
	policy := map[string]any{"activities.yaml": "activities: []\n"}
	for want, values := range map[string]map[string]any{
		"server is missing":  {"policy": policy},
		"policy is missing":  {"server": "version: 1\n"},
		"server is no YAML:": {"server": "version: [\n", "policy": policy},
	} {
		if _, _, err := render(t, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
