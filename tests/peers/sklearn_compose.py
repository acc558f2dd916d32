"""Options of selection, expansion and composition: panmodel against scikit-learn.

Every case is fitted and pickled here; panmodel predicts what scikit-learn does (labels equal, values
within 1e-9) and its conversion to ONNX passes the self-check on boundary rows."""
import os,sys,pickle,subprocess,csv,tempfile,warnings
import numpy as np,pandas as pd
warnings.simplefilter("ignore")
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import GridSearchCV,RandomizedSearchCV,HalvingGridSearchCV
from sklearn.feature_selection import *
from sklearn.linear_model import *
from sklearn.compose import *
from sklearn.preprocessing import *
from sklearn.pipeline import *
from sklearn.ensemble import *
from sklearn.tree import *
from sklearn.dummy import *
from sklearn.decomposition import PCA
P=os.environ["PANMODEL"]
rng=np.random.default_rng(0)
X=np.round(rng.normal(size=(120,5)),2); X[:,4]=0.25; X[3,4]=.5
y=(X[:,0]+.3*X[:,1]>0).astype(int)+(X[:,2]>1); yr=X@np.arange(5.)+.1; yp=np.exp(yr/4)
L=np.array(["no","maybe","yes"])[y]
cols=["a","b","c","d","e"]
df=pd.DataFrame(X,columns=cols)
A=abs(X)+.1
cases={}
def add(n,m,X=X): cases[n]=(m,X)
for s in ["uniform","quantile","kmeans"]:
  for e in ["onehot","onehot-dense","ordinal"]: add(f"kbins {s} {e}",KBinsDiscretizer(4,encode=e,strategy=s).fit(X))
add("kbins f32",KBinsDiscretizer(4,encode="ordinal",dtype=np.float32).fit(X))
for k in [dict(degree=3),dict(degree=3,interaction_only=True,include_bias=False),dict(degree=(2,3)),dict(degree=(0,1)),dict(degree=4,order="F")]: add(f"poly {k}",PolynomialFeatures(**k).fit(X))
for f in "absolute ceil cos deg2rad exp exp2 expm1 fabs floor log log10 log1p log2 negative positive rad2deg reciprocal rint sign sin sqrt square tan tanh".split(): add(f"func {f}",FunctionTransformer(getattr(np,f)).fit(A),A)
add("func None",FunctionTransformer().fit(X)); add("func validate",FunctionTransformer(np.log1p,validate=True).fit(A),A)
add("var",VarianceThreshold(.1).fit(X))
for k in [1,3,"all"]: add(f"kbest {k}",SelectKBest(k=k).fit(X,y))
Xt=np.c_[X,X[:,:2],np.full(120,1.)]
for p in [35,50,100]: add(f"pct {p}",SelectPercentile(percentile=p).fit(Xt,y),Xt)
add("kbest ties",SelectKBest(k=2).fit(Xt,y),Xt)
for c in [SelectFpr,SelectFdr,SelectFwe]: add(c.__name__,c(alpha=.1).fit(X,y))
for m,p in [("percentile",40),("k_best",2),("fpr",.1),("fdr",.1),("fwe",.1)]: add("generic "+m,GenericUnivariateSelect(mode=m,param=p).fit(X,y))
for t in [None,"mean","median","1.25*mean",.2]: add(f"sfm {t}",SelectFromModel(RandomForestClassifier(10,random_state=0),threshold=t).fit(X,y))
add("sfm lasso",SelectFromModel(Lasso(.2)).fit(X,yr)); add("sfm max",SelectFromModel(Ridge(),max_features=2,threshold=-np.inf).fit(X,yr))
add("sfm prefit",SelectFromModel(DecisionTreeClassifier(random_state=0).fit(X,y),prefit=True).fit(X,y))
for o in [1,2,np.inf]: add(f"sfm norm {o}",SelectFromModel(LogisticRegression(),norm_order=o).fit(X,y))
add("sfm getter",SelectFromModel(make_pipeline(StandardScaler(),LogisticRegression()),importance_getter="named_steps.logisticregression.coef_").fit(X,y))
add("sfm gbr",SelectFromModel(GradientBoostingRegressor(n_estimators=5)).fit(X,yr))
add("rfe",RFE(LogisticRegression(),n_features_to_select=2).fit(X,L)); add("rfecv",RFECV(Ridge(),cv=3).fit(X,yr))
add("sfs",SequentialFeatureSelector(Ridge(),n_features_to_select=2,cv=3).fit(X,yr))
for n,cs in {"names":["a","c"],"ints":[0,-2],"mask":[True,False,True,False,False],"slice":slice(1,3),"nslice":slice("b","d"),"index":df.columns[:2],"array":np.array([1,3])}.items():
  for rem in ["drop","passthrough",MinMaxScaler()]:
    add(f"ct {n} {rem}",ColumnTransformer([("s",StandardScaler(),cs)],remainder=rem,transformer_weights={"s":2.}).fit(df),df)
add("ct sel",ColumnTransformer([("s",StandardScaler(),make_column_selector("a|b")),("d","drop",["c"]),("p","passthrough",[3]),("n",StandardScaler(),[])],verbose_feature_names_out=False).fit(df),df)
add("union",FeatureUnion([("a",StandardScaler()),("b","passthrough"),("c","drop"),("p",PCA(2,whiten=True))],transformer_weights={"a":3.}).fit(X))
add("pipe pass",make_pipeline("passthrough",StandardScaler(),FunctionTransformer(),Ridge()).fit(X,yr))
add("halving",HalvingGridSearchCV(Ridge(),{"alpha":[.1,1]},cv=3).fit(X,yr))
add("rand",RandomizedSearchCV(make_pipeline(StandardScaler(),LogisticRegression()),{"logisticregression__C":[.1,1]},n_iter=2,cv=3,scoring="f1_macro").fit(X,L))
for t in [StandardScaler(),MinMaxScaler(),MaxAbsScaler(),RobustScaler(),make_pipeline(StandardScaler(),MinMaxScaler())]: add(f"ttr {type(t).__name__}",TransformedTargetRegressor(Ridge(),transformer=t).fit(X,yr))
add("ttr log",TransformedTargetRegressor(make_pipeline(StandardScaler(),Ridge()),func=np.log,inverse_func=np.exp).fit(X,yp))
add("ttr 2d",TransformedTargetRegressor(LinearRegression(),transformer=StandardScaler()).fit(X,np.c_[yr,yp])); add("ttr none",TransformedTargetRegressor(Ridge()).fit(X,yr))
for s in ["prior","most_frequent"]: add("dc "+s,DummyClassifier(strategy=s).fit(X,L))
add("dc const",DummyClassifier(strategy="constant",constant="yes").fit(X,L)); add("dc multi",DummyClassifier().fit(X,np.c_[y,1-y]))
add("dc multi c",DummyClassifier(strategy="constant",constant=[1,0]).fit(X,np.c_[y,1-y]))
for k in [{},dict(strategy="median"),dict(strategy="quantile",quantile=.3),dict(strategy="constant",constant=4.)]: add(f"dr {k}",DummyRegressor(**k).fit(X,yr))
add("dr multi",DummyRegressor().fit(X,np.c_[yr,yp]))
es=[("lr",LogisticRegression()),("t",DecisionTreeClassifier(max_depth=2)),("p",make_pipeline(StandardScaler(),LogisticRegression(C=.1))),("n","drop")]
for v in ["soft","hard"]:
  for w in [None,[1,2,1.5,9]]: add(f"vote {v} {w}",VotingClassifier(es,voting=v,weights=w).fit(X,L))
add("vote 3d",VotingClassifier(es,voting="soft",flatten_transform=False).fit(X,L))
add("vr",VotingRegressor([("a",Ridge()),("b",DecisionTreeRegressor(max_depth=3))],weights=[1,3]).fit(X,yr))
mix=df.assign(city=np.array(["x","y","z"])[rng.integers(0,3,120)],junk="text here")
pre=lambda:ColumnTransformer([("n",StandardScaler(),cols[:3]),("c",OrdinalEncoder(),["city"])])
add("mix grid",GridSearchCV(make_pipeline(pre(),LogisticRegression()),{"logisticregression__C":[1,2]},cv=3).fit(mix,L),mix)
add("mix vote",VotingClassifier([("a",make_pipeline(pre(),LogisticRegression())),("b",make_pipeline(pre(),DecisionTreeClassifier(max_depth=3)))],voting="soft").fit(mix,L),mix)
add("mix rfe",make_pipeline(pre(),RFE(LogisticRegression(),n_features_to_select=3)).fit(mix,L),mix)
add("mix union in ct",make_pipeline(ColumnTransformer([("u",FeatureUnion([("s",StandardScaler()),("k",KBinsDiscretizer(3))]),["a","b"]),("c",OrdinalEncoder(),["city"])],remainder="drop"),Ridge()).fit(mix,yr),mix)
add("mix ttr",TransformedTargetRegressor(make_pipeline(pre(),Ridge()),func=np.log,inverse_func=np.exp).fit(mix,yp),mix)
def outs(m,X):
  o=[]
  for f in ["predict","predict_proba","decision_function","transform"]:
    try: v=getattr(m,f)(X)
    except Exception: continue
    if hasattr(v,"toarray"): v=v.toarray()
    if isinstance(v,list): v=np.hstack(v)
    v=np.asarray(v)
    if v.ndim==3: continue
    o.append((f,v.reshape(len(X),-1)))
  return o
bad=0
with tempfile.TemporaryDirectory() as T:
  for n,(m,D) in cases.items():
    if len(sys.argv)>1 and sys.argv[1] not in n: continue
    p=T+"/m.pkl"; pickle.dump(m,open(p,"wb"))
    d=D if isinstance(D,pd.DataFrame) else pd.DataFrame(D,columns=[f"x{i}" for i in range(D.shape[1])])
    d.to_csv(T+"/d.csv",index=False)
    r=subprocess.run([P,"predict",p,"--data",T+"/d.csv"],capture_output=True,text=True)
    why=""
    if r.returncode: why=r.stderr.strip()[:200]
    else:
      R=list(csv.reader(r.stdout.splitlines())); H,R=R[0],R[1:]
      for f,w in outs(m,D):
        at=[i for i,h in enumerate(H) if h==f or h.startswith(f+":") or h.startswith(f+"[")]
        if len(at)!=w.shape[1]: why=f"{f}: {len(at)} columns, not {w.shape[1]}"; break
        for a,b in zip(R,w):
          for i,v in zip(at,b):
            ok=a[i]==v if isinstance(v,str) else abs(float(a[i])-v)<=1e-9*max(1e-3,abs(v)) or a[i]==str(v)
            if not ok and not why: why=f"{f}: {a[i]} not {v}"
    if not why:
      r=subprocess.run([P,"convert",p,T+"/m.onnx","--force"],capture_output=True,text=True)
      if r.returncode: why="convert "+(r.stderr+r.stdout)[:300]
    if why: bad+=1; print("FAIL",n,"|",why)
print(len(cases),"cases,",bad,"failed")
sys.exit(1 if bad else 0)
